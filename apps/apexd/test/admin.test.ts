import type { ApexClient } from '@apex/client';
import { connect } from '@apex/client/tcp';
import { describe, expect, it } from 'vitest';
import { Home, type Serving } from './server-app.ts';

const configuration = {
  access: { defaults: [{ actor: '*@example.com', actions: 'core:data presence:subscribe presence:watch' }] },
};
const [fred, wilma] = ['fred@example.com', 'wilma@example.com'] as const;
const LONG_SECONDS = 600;

async function start(workers: readonly string[], changes: Readonly<Record<string, unknown>> = {}) {
  const home = new Home({ ...configuration, ...changes });
  await home.run('endpoint import', `${fred},pw\n${wilma},pw\n`);
  return { home, server: await home.serve(['serve', '--config', home.config, ...workers]) };
}

function attach({ port }: Serving, endpoint: string): Promise<ApexClient> {
  const credentials = { password: 'pw' };
  return connect({ host: '127.0.0.1', port, endpoint, credentials, requireTls: false, reconnect: false });
}

/** What a command prints with --json. */
async function json(home: Home, words: string): Promise<Record<string, unknown>[]> {
  const { code, stdout, stderr } = await home.run(`${words} --json`);
  expect([code, stderr]).toEqual([0, '']);
  return stdout
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

function audit(server: Serving): readonly Readonly<Record<string, unknown>>[] {
  return server
    .log()
    .filter(({ event }) => event === 'admin')
    .map(({ time: _, level: __, event: ___, ...about }) => about);
}

const done = { code: 0, signal: null, stdout: '', stderr: '' };

describe.each([
  ['alone', [], /^\d+$/],
  ['with workers', ['--workers', '2'], /^[12]-\d+$/],
] as const)('apexd admin, of a server %s', (_, workers, id) => {
  it('lists sessions, attachments and operations, for people and for programs', async () => {
    const { home, server } = await start(workers);
    const [one, two] = [await attach(server, fred), await attach(server, 'wilma/desk@example.com')];
    const subscription = await two.presence.subscribe(fred, { durationSeconds: 3600 });
    const sessions = await json(home, 'admin sessions');
    expect(sessions).toHaveLength(2);
    const ofWilma = sessions.find(({ identity }) => identity === wilma);
    expect(ofWilma).toMatchObject({
      id: expect.stringMatching(id),
      remoteAddress: expect.stringMatching(/^127\.0\.0\.1:\d+$/),
      transport: 'tcp',
      secured: false,
      mechanism: 'SCRAM-SHA-256',
      endpoints: ['wilma/desk@example.com'],
      unsentOctets: 0,
    });
    const { stdout } = await home.run('admin sessions');
    const [heading, ...lines] = stdout.split('\n').slice(0, -1);
    expect(heading).toMatch(/^SESSION +REMOTE +TRANSPORT +IDENTITY +MECHANISM +AGE +IDLE +UNSENT +ATTACHED$/);
    expect(lines).toHaveLength(2);
    expect(stdout).toMatch(
      / tcp +wilma@example\.com +SCRAM-SHA-256 +\d+s +\d+s +0 +wilma\/desk@example\.com$/m,
    );

    expect(await json(home, `admin attachments --endpoint ${wilma}`)).toEqual([
      expect.objectContaining({ endpoint: 'wilma/desk@example.com', session: ofWilma?.['id'] }),
    ]);
    expect(await json(home, 'admin attachments')).toHaveLength(2);
    const operation = {
      kind: 'subscribe',
      publisher: fred,
      originator: 'wilma/desk@example.com',
      transID: expect.any(Number),
      until: expect.stringMatching(/Z$/),
    };
    for (const endpoint of [fred, wilma]) {
      expect(await json(home, `admin operations ${endpoint}`)).toEqual([operation]);
    }
    expect((await home.run('admin attachments --endpoint barney@example.com')).stdout).toBe('');
    expect(subscription.isOver).toBe(false);
    await one.close();
    await two.close();
  });

  it('ends an operation, an attachment and a session, with a reason, and the log has who was ended', async () => {
    const { home, server } = await start(workers);
    const [one, two] = [await attach(server, fred), await attach(server, wilma)];
    const subscription = await two.presence.subscribe(fred, { durationSeconds: 3600 });
    const [operation] = await json(home, `admin operations ${fred}`);
    const transID = operation!['transID'] as number;
    const terminate = `admin terminate ${fred} --originator ${wilma} --trans-id ${transID}`;
    expect(await home.run(terminate)).toEqual(done);
    await subscription.ended;
    expect(subscription.isOver).toBe(true);
    expect(await home.run(terminate)).toMatchObject({
      code: 1,
      stderr: `apexd: ${wilma} has no operation with transID ${transID} in progress on ${fred}; apexd admin operations shows those that are\n`,
    });
    expect(await home.run(`admin kick ${fred} --code 450 --text later`)).toEqual(done);
    expect(await one.ended).toEqual({ kind: 'detached', replyCode: 450, text: 'later' });
    expect(await home.run(`admin kick ${fred}`)).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^apexd: fred@example\.com is not attached/),
    });
    const [session] = await json(home, `admin attachments --endpoint ${wilma}`);
    expect(await home.run(`admin kick --session ${session!['session']}`)).toEqual(done);
    expect(await two.ended).toEqual({ kind: 'detached', replyCode: 554, text: 'ended by the administrator' });
    await expect.poll(() => json(home, 'admin sessions'), { timeout: 30_000 }).toEqual([]);
    expect(audit(server).slice(0, 3)).toEqual([
      {
        op: 'operation.end',
        endpoint: fred,
        originator: wilma,
        transID,
        code: 554,
        text: 'ended by the administrator',
      },
      { op: 'attachment.end', endpoint: fred, code: 450, text: 'later' },
      { op: 'session.end', session: session!['session'], code: 554, text: 'ended by the administrator' },
    ]);
  });

  it('drains: shows how many are left, and comes back when the next server can start', async () => {
    const { home, server } = await start(workers, { drain: { graceSeconds: LONG_SECONDS } });
    const [one, two] = [await attach(server, fred), await attach(server, wilma)];
    const [drained] = await Promise.all([
      home.run('admin drain --json'),
      server.logged('draining').then(async () => {
        await one.close();
        await two.close();
      }),
    ]);
    expect([drained.code, drained.stderr]).toEqual([0, '']);
    const lines = drained.stdout
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as object);
    expect(lines[0]).toMatchObject({ progress: { total: 2 } });
    expect(lines.at(-1)).toEqual({ attached: 2, terminated: 0, unanswered: 0 });
    const next = await home.serve(['serve', '--config', home.config, ...workers]);
    expect(await server.outcome).toMatchObject({ code: 0, signal: null });
    expect(audit(server)).toEqual([{ op: 'server.drain' }]);
    const client = await attach(next, fred);
    expect(await home.run('admin drain --grace 0')).toEqual({
      ...done,
      stdout: 'drained: 1 attached, 1 told to go, 0 did not answer\n',
    });
    expect(await client.ended).toMatchObject({ kind: 'detached', replyCode: 421 });
  });

  it('changes the level of the log', async () => {
    const { home, server } = await start(workers, { log: { level: 'warn' } });
    expect(await home.run('admin log-level info')).toEqual(done);
    const client = await attach(server, fred);
    await server.logged('auth.succeeded');
    await home.run('admin log-level error');
    await client.close();
    await (await attach(server, fred)).close();
    await server.stop();
    expect(server.log().map(({ event, to }) => [event, to])).toEqual([
      ['admin', 'info'],
      ['auth.succeeded', undefined],
      ['admin', 'error'],
    ]);
  });
});

describe('apexd admin', () => {
  it('says in one line that no server runs', async () => {
    const home = new Home();
    for (const words of [
      'sessions',
      'attachments',
      `operations ${fred}`,
      `kick ${fred}`,
      'drain',
      'log-level info',
    ]) {
      expect(await home.run(`admin ${words}`)).toEqual({
        code: 1,
        signal: null,
        stdout: '',
        stderr: expect.stringMatching(/^apexd: no server runs with the data folder \S+: start it [^\n]*\n$/),
      });
    }
  });

  it.each([
    ['kick', /^apexd: admin kick: name an endpoint, or a session with --session\n$/],
    [`kick ${fred} --session 1`, /^apexd: admin kick: name an endpoint, or a session with --session\n$/],
    [`kick ${fred} --code 250`, /^apexd: --code 250: expected a whole number from 400 to 599\n$/],
    [
      `terminate ${fred} --originator ${wilma} --trans-id x`,
      /^apexd: --trans-id x: expected a whole number from 1 .*\n$/,
    ],
    ['drain --grace -1', /^apexd: --grace -1: expected a whole number from 0 to 3600\n$/],
    ['log-level loud', /^apexd: .*'loud' is invalid.* Allowed choices are fatal, error, .*\n$/],
  ])('%s is wrong usage', async (words, line) => {
    expect(await new Home().run(`admin ${words}`)).toEqual({
      code: 2,
      signal: null,
      stdout: '',
      stderr: expect.stringMatching(line),
    });
  });
});
