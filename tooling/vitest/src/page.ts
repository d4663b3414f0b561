import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { build } from 'rolldown';

/** A page on loopback, at an origin of its own. */
export interface ServedPage extends AsyncDisposable {
  readonly origin: string;
}

/**
 * Bundles a script with what it imports, workspace packages from their sources, and serves it in a page with nothing
 * but `<div id="root">`. The page may run that script alone and connect where it likes.
 */
export async function servePage(entry: string): Promise<ServedPage> {
  const { output } = await build({
    input: entry,
    platform: 'browser',
    resolve: { conditionNames: ['@apex/source', 'import', 'browser'] },
    transform: { define: { 'process.env.NODE_ENV': '"development"' } },
    logLevel: 'silent',
    write: false,
  });
  const documents = new Map<string, string>(
    output.flatMap((part) => (part.type === 'chunk' ? [[`/${part.fileName}`, part.code] as const] : [])),
  );
  const html = `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>test</title><link rel="icon" href="data:"><script type="module" src="/${output[0].fileName}"></script></head><body><div id="root"></div></body></html>`;
  const server = createServer(({ url = '/' }, response) => {
    const script = documents.get(url);
    response.setHeader(
      'Content-Type',
      `${script === undefined ? 'text/html' : 'text/javascript'}; charset=utf-8`,
    );
    response.setHeader(
      'Content-Security-Policy',
      "default-src 'none'; script-src 'self'; img-src data:; connect-src *",
    );
    response.end(script ?? html);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    origin: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
    },
  };
}
