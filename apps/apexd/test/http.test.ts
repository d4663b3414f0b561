import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { connectWebSocket } from '@apex/client/websocket';
import { expect, it, onTestFinished } from 'vitest';
import { Home, type Serving } from './server-app.ts';

const fred = 'fred@example.com';

/** Where it has WebSocket, as the log tells. */
async function httpOf(server: Serving): Promise<string> {
  const { http } = await server.logged('serving');
  const { host, port } = http as { host: string; port: number };
  return `${host}:${port}`;
}

function attach(at: string, endpoint: string) {
  const url = `ws://${at}/beep`;
  return connectWebSocket({
    url,
    endpoint,
    credentials: { password: 'yabba' },
    requireTls: false,
    reconnect: false,
  });
}

async function status(at: string, path: string): Promise<number> {
  const response = await fetch(`http://${at}${path}`);
  await response.text();
  return response.status;
}

it.each([
  ['alone', []],
  ['with workers', ['--workers', '2']],
] as const)('serves WebSocket and health beside TCP: %s', async (_, workers) => {
  const home = new Home({ http: { port: 0 } });
  await home.run('endpoint import', `${fred},yabba\n`);
  const server = await home.serve(['serve', '--config', home.config, ...workers]);
  const at = await httpOf(server);
  const clients = await Promise.all([1, 2, 3, 4].map((number) => attach(at, `fred/${number}@example.com`)));
  for (const client of clients) expect((await client.presence.fetch(fred)).publisher).toBe(fred);
  expect([await status(at, '/healthz'), await status(at, '/readyz')]).toEqual([200, 200]);
  // What is not built is said there.
  expect([200, 503]).toContain(await status(at, '/'));
  const { stdout, code } = await server.stop();
  expect([code, stdout]).toEqual([
    0,
    expect.stringMatching(
      /^apexd serves .*\nWebSocket at ws:\/\/127\.0\.0\.1:\d+\/beep\nconsole at http:\/\/127\.0\.0\.1:\d+\/\n$/,
    ),
  ]);
  for (const { ended } of clients) expect(await ended).toMatchObject({ kind: 'detached', replyCode: 421 });
});

it.each([
  ['alone', []],
  ['with workers', ['--workers', '1']],
] as const)('serves no console when it is told not to: %s', async (_, workers) => {
  const home = new Home({ http: { port: 0, console: false } });
  const server = await home.serve(['serve', '--config', home.config, ...workers]);
  expect(await status(await httpOf(server), '/')).toBe(404);
  expect((await server.stop()).stdout).not.toContain('console');
});

it('serves no HTTP unless it is told to', async () => {
  const server = await new Home().serve();
  expect(await server.logged('serving')).not.toHaveProperty('http');
  expect((await server.stop()).stdout).toMatch(/^apexd serves .*\n$/);
});

it('says in one line that the port of HTTP is taken, with workers as well', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  onTestFinished(() => void other.close());
  await new Promise((resolve) => other.once('listening', resolve));
  const { port } = other.address() as AddressInfo;
  const home = new Home({ http: { port } });
  const inUse = expect.stringMatching(new RegExp(`^apexd: 127\\.0\\.0\\.1:${port} is in use: .*\\n$`));
  expect(await home.run('serve')).toMatchObject({ code: 1, stderr: inUse });
  expect(await home.run('serve --workers 2')).toMatchObject({ code: 1, stderr: inUse });
});

it('needs no certificate of its own behind a proxy that has one', async () => {
  const home = new Home({ auth: {}, http: { port: 0, trustProxy: true } });
  const server = await home.serve();
  expect(await status(await httpOf(server), '/readyz')).toBe(200);
  expect(await server.stop()).toMatchObject({ code: 0 });
});

it('the demo serves WebSocket, on whatever port it finds', async () => {
  const home = new Home();
  const server = await home.serve(['serve', '--data', 'demo', '--port', '0']);
  server.kill('SIGINT');
  const { stdout } = await server.outcome;
  expect(stdout).toMatch(/^In a browser, .*: http:\/\/127\.0\.0\.1:\d+\/$/m);
});
