import { once } from 'node:events';
import { closeSync, existsSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Domain, PASSWORD } from './domain.ts';
import { AppProcess } from './processes.ts';

const FRED = 'fred@example.com';
let domain: Domain;
beforeAll(async () => {
  domain = await Domain.start();
}, 60_000);
afterAll(() => domain.stop());

/** A command with nothing to read, and its password in the environment. */
async function apex(
  args: readonly string[],
  env: Readonly<Record<string, string>> = { APEX_PASSWORD: 'wrong' },
) {
  const command = new AppProcess('apex', args, env);
  command.child.stdin!.end();
  return command.ended;
}

/** The operations in progress on fred's entry. */
async function operationsOnFred(): Promise<unknown> {
  const shown = await domain.administer(['presence', 'show', FRED, '--json']);
  return (JSON.parse(shown) as { operations: unknown }).operations;
}

describe('wrong usage', { timeout: 60_000 }, () => {
  it.each([
    ['no command', [], /name a command/],
    ['an unknown command', ['frobnicate'], /unknown command 'frobnicate'/],
    ['an unknown option', ['fetch', FRED, '--frob'], /unknown option '--frob'/],
    ['no publisher', ['subscribe'], /missing required argument 'publisher'/],
    ['a publisher that is none', ['fetch', 'fred'], /publisher fred: expected an endpoint/],
    ['what would steer the terminal', ['fetch', 'fr\u009b2Jed'], /publisher fr\\u009b2Jed: expected/],
    ['nobody to be', ['fetch', FRED], /--as: name the endpoint/],
    ['an endpoint that is none', ['fetch', FRED, '--as', 'wilma'], /--as wilma: expected an endpoint/],
    ['a wrong duration', ['watch', FRED, '--duration', '1x'], /--duration 1x: expected a duration/],
    ['a wrong server', ['fetch', FRED, '--as', FRED, '--server', 'a:b:c'], /--server a:b:c: expected host/],
    [
      'no availability',
      ['publish', '--as', FRED],
      /one of --available-for 1h, --until TIME or --unavailable/,
    ],
    ['two availabilities', ['publish', '--unavailable', '--until', '2026-11-25T00:00:00Z'], /one of/],
    ['a time that is none', ['publish', '--until', '2026-02-30T00:00:00Z'], /--until .*: expected a time/],
    ['a destination that is none', ['publish', '--unavailable', '--destination', 'here'], /expected a URI/],
    [
      'a capability without value',
      ['publish', '--unavailable', '--capability', 'urn:x'],
      /--capability urn:x: expected/,
    ],
  ])('%s is told in one line, with exit code 2', async (_what, args, message) => {
    const { code, output, errors } = await apex(args);
    expect([code, output]).toEqual([2, '']);
    expect(errors).toMatch(message);
    expect(errors).toMatch(/^apex: [^\n]+\n$/);
  });

  it('a server without TLS is told, with exit code 2, before the password is sent', async () => {
    const { code, output, errors } = await apex([
      'fetch',
      FRED,
      '--as',
      FRED,
      '--server',
      domain.address,
      '--tls',
    ]);
    expect([code, output]).toEqual([2, '']);
    expect(errors).toMatch(/^apex: secure 127\.0\.0\.1:\d+: the server offers no TLS\n$/);
  });

  it('a missing password is told, with exit code 2', async () => {
    const { code, errors } = await apex(['fetch', FRED, '--as', FRED, '--server', domain.address], {});
    expect([code, errors]).toEqual([2, expect.stringMatching(/^apex: no password: set APEX_PASSWORD/)]);
  });
});

describe('what fails', { timeout: 60_000 }, () => {
  let silent: Server;
  beforeAll(async () => {
    silent = createServer().listen(0, '127.0.0.1');
    await once(silent, 'listening');
  });
  afterAll(() => void silent.close());

  it('a wrong password is told with 535, and never shown', async () => {
    const { code, errors } = await apex(['fetch', FRED, '--as', FRED, '--server', domain.address], {
      APEX_PASSWORD: 'not-the-password',
    });
    expect([code, errors]).toEqual([
      1,
      expect.stringMatching(/^apex: authenticate as fred@example.com: 535 [^\n]+\n$/),
    ]);
    expect(errors).not.toContain('not-the-password');
  });

  it('a domain that the server does not serve is told', async () => {
    const args = ['fetch', 'fred@rubble.com', '--as', 'wilma@rubble.com', '--server', domain.address];
    expect(await apex(args)).toMatchObject({
      code: 1,
      errors: expect.stringContaining('550 unknown serverName'),
    });
  });

  it.each([
    ['publish', ['publish', '--unavailable']],
    ['fetch', ['fetch', FRED]],
  ])('a %s that is stopped before the answer came has failed', async (_what, args) => {
    const { port } = silent.address() as { port: number };
    const connected = once(silent, 'connection') as Promise<[Socket]>;
    const place = ['--as', FRED, '--server', `127.0.0.1:${port}`];
    const command = new AppProcess('apex', [...args, ...place], { APEX_PASSWORD: 'any' });
    const [socket] = await connected;
    socket.on('error', () => {}); // the command drops the connection, as it should
    expect(await command.interrupt()).toEqual({
      code: 1,
      output: '',
      errors: 'apex: stopped before the answer came\n',
    });
  });

  it('a server that is not there is told', async () => {
    const { port } = silent.address() as { port: number };
    silent.close();
    await once(silent, 'close');
    const { code, errors } = await apex(['fetch', FRED, '--as', FRED, '--server', `127.0.0.1:${port}`]);
    expect([code, errors]).toEqual([
      1,
      expect.stringMatching(/^apex: no connection to 127\.0\.0\.1:\d+: [^\n]+\n$/),
    ]);
  });
});

describe('a command', { timeout: 60_000 }, () => {
  it('takes the password from standard input, and its options from the environment', async () => {
    const command = new AppProcess('apex', ['fetch', FRED], {
      APEX_ENDPOINT: FRED,
      APEX_SERVER: domain.address,
    });
    command.child.stdin!.write(`${PASSWORD}\n`); // and stays open, as a terminal would
    const { code, output, errors } = await command.ended;
    expect([code, errors]).toEqual([0, '']);
    expect(output).toMatch(/^fred@example\.com, last update /);
  });

  it('ends, with its operation, when nobody reads what it prints any more', async () => {
    const command = domain.apex('wilma', 'subscribe', FRED);
    await command.json();
    await command.json();
    command.child.stdout!.destroy();
    for (let tries = 0; command.child.exitCode === null && tries < 50; tries += 1) {
      await domain.apex('fred', 'publish', '--available-for', '1h').ended;
    }
    expect((await command.ended).code).toBe(0);
    expect(await operationsOnFred()).toEqual([]);
  });

  it.each(['SIGTERM', 'SIGHUP'] as const)('[C16] ends, with its operation, at %s', async (signal) => {
    const command = domain.apex('wilma', 'subscribe', FRED);
    await command.json();
    await command.json();
    command.child.kill(signal);
    const { code, output, errors } = await command.ended;
    expect([code, errors]).toEqual([0, '']);
    expect(output).toMatch(/\{"event":"ended","publisher":"fred@example\.com","reason":"closed"\}\n$/);
    expect(await operationsOnFred()).toEqual([]);
  });

  it.skipIf(!existsSync('/dev/full'))('tells in one line that its output cannot be written', async () => {
    const full = openSync('/dev/full', 'w');
    const args = ['subscribe', FRED, '--as', FRED, '--server', domain.address];
    const command = new AppProcess('apex', args, { APEX_PASSWORD: PASSWORD }, full);
    closeSync(full);
    expect(await command.ended).toMatchObject({
      code: 1,
      errors: expect.stringMatching(/^apex: standard output: ENOSPC[^\n]+\n$/),
    });
    expect(await operationsOnFred()).toEqual([]);
  });

  it('shows its help also to who does not read all of it', async () => {
    const command = new AppProcess('apex', ['--help']);
    command.child.stdout!.destroy();
    expect(await command.ended).toMatchObject({ code: 0, errors: '' });
  });

  it('publishes what its options say', async () => {
    const options = [
      '--destination',
      'mailto:fred@example.com',
      '--info',
      'urn:x:info',
      '--tuple-info',
      'urn:x:tuple',
    ];
    const capability = ['--capability', 'urn:x:a=1 < 2', 'urn:x:b='];
    const until = '2030-01-01T00:00:00.5+01:00';
    const published = await domain.apex('fred', 'publish', '--until', until, ...options, ...capability).ended;
    expect(JSON.parse(published.output)).toEqual({ event: 'published', publisher: FRED });
    expect(await domain.apex('fred', 'fetch', FRED).json()).toMatchObject({
      event: 'entry',
      entry: {
        publisherInfo: 'urn:x:info',
        tuples: [
          {
            destination: 'mailto:fred@example.com',
            availableUntil: until,
            tupleInfo: 'urn:x:tuple',
            capabilities: [
              { baseline: 'urn:x:a', value: '1 < 2' },
              { baseline: 'urn:x:b', value: '' },
            ],
          },
        ],
      },
    });
  });
});

describe('the demo server', { timeout: 120_000 }, () => {
  it('[C16] prints commands that do what it says of them', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'apex-demo-'));
    const server = new AppProcess('apexd', ['serve', '--data', join(folder, 'data'), '--port', '0']);
    try {
      const commands: AppProcess[] = [];
      const take = (line: string): AppProcess | undefined => {
        const [, password, rest] = /^ {2}APEX_PASSWORD=(\S+) npm run -s apex -- (.+)$/.exec(line) ?? [];
        if (password === undefined || rest === undefined) return undefined;
        const command = new AppProcess('apex', [...rest.split(' '), '--json'], { APEX_PASSWORD: password });
        commands.push(command);
        return command;
      };
      const watch = await server.find(take);
      expect(await watch.json()).toMatchObject({ event: 'started', publisher: FRED });
      const subscribe = await server.find(take);
      expect(await subscribe.json()).toMatchObject({ event: 'started', publisher: FRED });
      expect(await subscribe.json()).toMatchObject({ event: 'entry' });
      expect(await watch.json()).toMatchObject({ event: 'notification', action: 'subscribe' });
      expect((await (await server.find(take)).ended).code).toBe(0);
      expect(await subscribe.json()).toMatchObject({ event: 'entry', entry: { publisher: FRED } });
      const barney = await (await server.find(take)).ended;
      expect(barney.code).toBe(1);
      expect(JSON.parse(barney.errors)).toMatchObject({ replyCode: 537 });
      for (const command of [watch, subscribe]) expect((await command.interrupt()).code).toBe(0);
      expect((await server.interrupt()).code).toBe(0);
    } finally {
      server.child.kill('SIGKILL');
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
