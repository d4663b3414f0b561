import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliCompressSync, brotliDecompressSync, gunzipSync, gzipSync } from 'node:zlib';
import { expect, it, onTestFinished } from 'vitest';
import { consoleRoute } from '../src/console-route.ts';
import { staticFiles } from '../src/static-files.ts';

const html = '<!doctype html><title>page</title>';

function folderOf(files: Readonly<Record<string, string | Buffer>>): string {
  const outside = mkdtempSync(join(tmpdir(), 'static-'));
  onTestFinished(() => rmSync(outside, { recursive: true }));
  writeFileSync(join(outside, 'secret.html'), 'secret');
  const folder = join(outside, 'page');
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(join(folder, name, '..'), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
  return folder;
}

async function serve(route: ReturnType<typeof staticFiles>) {
  const server = createServer((incoming, response) => {
    void route.answer(incoming, response, {
      remoteAddress: '127.0.0.1:1',
      secured: false,
      isLocal: true,
      figures: async () => [],
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  /** The path goes out as it is written here. */
  return async (path: string, headers: Record<string, string> = {}, method = 'GET') => {
    const asked = request({ host: '127.0.0.1', port, path, headers, method, agent: false }).end();
    const [response] = await once(asked, 'response');
    const octets: Buffer[] = [];
    for await (const part of response) octets.push(part);
    return { status: response.statusCode, headers: response.headers, octets: Buffer.concat(octets) };
  };
}

const page = {
  'index.html': html,
  'icon.svg': '<svg/>',
  'assets/page-1a2b.js': 'run()',
  'assets/page-1a2b.js.br': brotliCompressSync('run()'),
  'assets/page-1a2b.js.gz': gzipSync('run()'),
  'notes.txt': 'of no type that is served',
};
const options = { index: 'index.html', immutable: 'assets', headers: { 'X-Test': 'everywhere' } };

it('serves the index at / and the others by their path, what has a hash for ever', async () => {
  const get = await serve(staticFiles({ ...options, folder: folderOf(page) }));
  const index = await get('/?query');
  expect([index.status, String(index.octets)]).toEqual([200, html]);
  expect(index.headers).toMatchObject({
    'content-type': 'text/html; charset=utf-8',
    'cache-control': 'no-cache',
    'x-test': 'everywhere',
    vary: 'Accept-Encoding',
  });
  const script = await get('/assets/page-1a2b.js');
  expect(String(script.octets)).toBe('run()');
  expect(script.headers['cache-control']).toBe('public, max-age=31536000, immutable');
  expect((await get('/icon.svg', {}, 'HEAD')).octets).toHaveLength(0);
});

it('sends the best form that is taken, each with a tag of its own', async () => {
  const get = await serve(staticFiles({ ...options, folder: folderOf(page) }));
  const script = (accepted?: string) =>
    get('/assets/page-1a2b.js', accepted === undefined ? {} : { 'Accept-Encoding': accepted });
  const [brotli, gzip, plain] = [
    await script('gzip, deflate, br'),
    await script('gzip;q=0.5, br;q=0'),
    await script(),
  ];
  expect(brotli.headers['content-encoding']).toBe('br');
  expect(String(brotliDecompressSync(brotli.octets))).toBe('run()');
  expect(gzip.headers['content-encoding']).toBe('gzip');
  expect(String(gunzipSync(gzip.octets))).toBe('run()');
  expect(plain.headers['content-encoding']).toBeUndefined();
  expect(new Set([brotli, gzip, plain].map(({ headers }) => headers.etag)).size).toBe(3);
});

it('answers 304 to who has it', async () => {
  const get = await serve(staticFiles({ ...options, folder: folderOf(page) }));
  const { etag } = (await get('/')).headers;
  const again = await get('/', { 'If-None-Match': `"other", ${etag}` });
  expect([again.status, again.octets.length, again.headers.etag]).toEqual([304, 0, etag]);
  expect((await get('/', { 'If-None-Match': '"other"' })).status).toBe(200);
});

it.each([
  '/../secret.html',
  '/assets/../../secret.html',
  '/%2e%2e/secret.html',
  '/..%2fsecret.html',
  '//secret.html',
  '/assets',
  '/assets/',
  '/index.html',
  '/notes.txt',
  '/assets/page-1a2b.js.br',
  '/__proto__',
  '/constructor',
])('serves nothing else: %s', async (path) => {
  const get = await serve(staticFiles({ ...options, folder: folderOf(page) }));
  const { status, octets } = await get(path);
  expect([status, String(octets)]).toEqual([404, 'there is nothing here\n']);
});

it('follows no link out of the folder', async () => {
  const folder = folderOf(page);
  symlinkSync(join(folder, '../secret.html'), join(folder, 'link.html'));
  const get = await serve(staticFiles({ ...options, folder }));
  expect((await get('/link.html')).status).toBe(404);
});

it('lets the console run its own script, and connect to its server, alone', async () => {
  const get = await serve(consoleRoute(folderOf(page)));
  const { headers } = await get('/');
  const policy = String(headers['content-security-policy']);
  expect(policy).toMatch(/^default-src 'none'; script-src 'self'; style-src 'self'; /);
  expect(policy).not.toMatch(/unsafe|\*|https?:/);
  expect(headers).toMatchObject({
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'cross-origin-opener-policy': 'same-origin',
    'permissions-policy': expect.stringContaining('camera=()'),
  });
});

it('says in one line how to build a console that was not built', async () => {
  const get = await serve(consoleRoute(folderOf({ 'package.json': '{}' })));
  const { status, octets } = await get('/');
  expect([status, String(octets)]).toEqual([
    503,
    expect.stringMatching(/^[^\n]*--filter @apex\/console build[^\n]*\n$/),
  ]);
});
