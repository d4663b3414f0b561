import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Domain } from './domain.ts';

const FRED = 'fred@example.com';

let open: Domain;
let secured: Domain;
beforeAll(async () => {
  [open, secured] = await Promise.all([Domain.start({ http: true }), Domain.start({ http: true, tls: {} })]);
}, 60_000);
afterAll(() => Promise.all([open.stop(), secured.stop()]));

const fetch = (domain: Domain, server: string, ...words: readonly string[]) =>
  domain.apexAs('wilma@example.com', 'fetch', FRED, '--server', server, ...words).ended;

/** By the name of this machine, which is one of the certificate's. */
const byName = (url: string): string => url.replace('127.0.0.1', 'localhost');

describe('a server that is named by a URL of WebSocket', () => {
  it('is talked to over WebSocket', async () => {
    expect(open.webSocket).toMatch(/^ws:\/\/127\.0\.0\.1:\d+\/beep$/);
    expect(await fetch(open, open.webSocket)).toMatchObject({
      code: 0,
      output: expect.stringContaining(FRED),
    });
    const subscribe = open.apex('wilma', 'subscribe', FRED, '--server', byName(open.webSocket));
    expect(await subscribe.json()).toMatchObject({ event: 'started' });
    expect(await subscribe.json()).toMatchObject({ event: 'entry' });
    await open.apex('fred', 'publish', '--available-for', '1h').ended;
    expect(await subscribe.json()).toMatchObject({ event: 'entry', entry: { publisher: FRED } });
  });

  it('is trusted by its root, when it is protected', async () => {
    expect(secured.webSocket).toMatch(/^wss:/);
    const ca = ['--ca', secured.file('cert.pem')];
    const url = byName(secured.webSocket);
    expect(await fetch(secured, url, ...ca)).toMatchObject({
      code: 0,
      output: expect.stringContaining(FRED),
    });
    const failure = { code: 1, errors: expect.stringMatching(/^apex: no connection to wss:\/\/.*\n$/) };
    expect(await fetch(secured, url)).toMatchObject(failure);
    // It is for no address.
    expect(await fetch(secured, secured.webSocket, ...ca)).toMatchObject(failure);
  });

  it.each([
    [['--fingerprint', 'ab'.repeat(32)], 2, /^apex: --fingerprint: there is none for WebSocket; .*\n$/],
    [['--tls'], 2, /^apex: --server: ws:\/\/ is not protected; write wss:\/\/\n$/],
    [['--ca', '/nowhere.pem'], 1, /^apex: --ca: cannot read \/nowhere\.pem: ENOENT.*\n$/],
  ])('says in one line what is wrong: %s', async (words, code, errors) => {
    expect(await fetch(open, open.webSocket, ...words)).toMatchObject({
      code,
      output: '',
      errors: expect.stringMatching(errors),
    });
  });

  it.each([
    ['ws://', 2, /^apex: --server ws:\/\/: expected an address such as wss:\/\/example\.com\/beep\n$/],
    [
      'http://example.com/beep',
      2,
      /^apex: --server http:.*: expected host, host:port or wss:\/\/host\/beep\n$/,
    ],
    ['ws://fred:pw@127.0.0.1/beep', 2, /^apex: --server ws:.*: expected an address such as .*\n$/],
  ])('is no such URL: %s', async (server, code, errors) => {
    expect(await fetch(open, server)).toMatchObject({ code, errors: expect.stringMatching(errors) });
  });
});
