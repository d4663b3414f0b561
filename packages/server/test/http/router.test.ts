import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { answer, type Route, Router } from '../../src/http/router.ts';

async function serve(routes: readonly Route[]): Promise<string> {
  const router = new Router(routes, (request) => ({
    remoteAddress: `${request.headers['x-test']}:4711`,
    secured: true,
    isLocal: true,
    figures: async () => [],
  }));
  const server = createServer((request, response) => void router.handle(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const saying = (path: string): Route => ({ path, answer: (_, response) => answer(response, 200, path) });

async function get(url: string, method = 'GET') {
  const response = await fetch(url, { method });
  return [response.status, await response.text()];
}

it('answers with the route of the path, the longest one that fits', async () => {
  const url = await serve([saying('/'), saying('/metrics'), saying('/files/'), saying('/files/one')]);
  expect(await get(`${url}/metrics?name=x`)).toEqual([200, '/metrics\n']);
  expect(await get(`${url}/metrics/more`)).toEqual([200, '/\n']);
  expect(await get(`${url}/files/one`)).toEqual([200, '/files/one\n']);
  expect(await get(`${url}/files/two`)).toEqual([200, '/files/\n']);
  expect(await get(`${url}`)).toEqual([200, '/\n']);
  expect(await get(`${url}/metrics`, 'HEAD')).toEqual([200, '']);
});

it('tells a route who asks', async () => {
  const url = await serve([
    {
      path: '/',
      answer: (_, response, { remoteAddress, secured }) =>
        answer(response, 200, `${remoteAddress} ${secured}`),
    },
  ]);
  const response = await fetch(url, { headers: { 'X-Test': '192.0.2.1' } });
  expect(await response.text()).toBe('192.0.2.1:4711 true\n');
});

it('answers 404 and 405 in one line, and closes the connection', async () => {
  const url = await serve([saying('/metrics')]);
  expect(await get(`${url}/metricsx`)).toEqual([404, 'there is nothing here\n']);
  const posted = await fetch(`${url}/metrics`, { method: 'POST', body: 'x' });
  expect([posted.status, posted.headers.get('allow'), posted.headers.get('connection')]).toEqual([
    405,
    'GET, HEAD',
    'close',
  ]);
  expect(await posted.text()).toBe('GET only\n');
});

it('answers 500 for a route that fails, and ends an answer that had begun', async () => {
  const url = await serve([
    { path: '/throws', answer: () => Promise.reject(new Error('secret')) },
    {
      path: '/stops',
      answer: (_, response) => {
        response.writeHead(200, { 'Content-Length': 10 });
        response.write('abc');
        throw new Error('secret');
      },
    },
  ]);
  expect(await get(`${url}/throws`)).toEqual([500, 'this failed\n']);
  await expect(get(`${url}/stops`)).rejects.toThrow();
});
