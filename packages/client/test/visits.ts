import { fileURLToPath } from 'node:url';
import { createServer, MemoryStore } from '@apex/server';
import { openBrowser, type Visitor } from '@apex/vitest/browser';
import { servePage } from '@apex/vitest/page';
import { onTestFinished } from 'vitest';
import { BARNEY, FRED, WILMA } from './house.ts';

const host = '127.0.0.1';
const password = 'yabba dabba doo';

/** A server, and a page at an origin of its own that people open: `script` is its script, below `test/`. */
export async function startVisits(script: string) {
  const page = await servePage(fileURLToPath(new URL(script, import.meta.url)));
  onTestFinished(() => page[Symbol.asyncDispose]());
  const server = await createServer({
    domain: 'example.com',
    store: new MemoryStore(),
    listen: { host, port: 0 },
    http: { host, port: 0, origins: [page.origin] },
    requireTls: false,
    iterations: 4096,
  });
  onTestFinished(() => server.close());
  for (const endpoint of [FRED, WILMA, BARNEY]) await server.administration.addEndpoint(endpoint, password);
  await server.administration.setAccess(FRED, WILMA, ['core:data', 'presence:subscribe']);
  const { administration } = server;
  const url = `ws://${host}:${server.httpAddress?.port}/beep`;
  return {
    administration,
    async visit(endpoint: string, told: Record<string, string> = {}): Promise<Visitor> {
      const visitor = await openBrowser();
      onTestFinished(() => visitor[Symbol.asyncDispose]());
      const hash = new URLSearchParams({ url, endpoint, password, ...told });
      await visitor.page.goto(`${page.origin}/#${hash}`);
      return visitor;
    },
  };
}
