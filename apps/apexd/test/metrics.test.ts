import { once } from 'node:events';
import { request } from 'node:http';
import { connect } from '@apex/client/tcp';
import { connectWebSocket } from '@apex/client/websocket';
import { expect, it, onTestFinished } from 'vitest';
import { type Exposed, parseExposition, sum } from './exposition.ts';
import { Home, type Serving } from './server-app.ts';

const fred = 'fred@example.com';
const wilma = 'wilma@example.com';
const forAll = [{ actor: '*@example.com', actions: 'core:data presence:subscribe presence:publish' }];

async function portOf(server: Serving): Promise<number> {
  const { http } = await server.logged('serving');
  return (http as { port: number }).port;
}

/** What `/metrics` answers; each time on a connection of its own. */
async function ask(
  port: number,
  headers: Record<string, string> = {},
): Promise<{
  readonly status: number | undefined;
  readonly type: string | undefined;
  readonly text: string;
}> {
  const asked = request({ host: '127.0.0.1', port, path: '/metrics', agent: false, headers }).end();
  const [response] = (await once(asked, 'response')) as [import('node:http').IncomingMessage];
  let text = '';
  for await (const part of response.setEncoding('utf8')) text += part as string;
  return { status: response.statusCode, type: response.headers['content-type'], text };
}

async function exposed(port: number): Promise<ReadonlyMap<string, Exposed>> {
  const { status, type, text } = await ask(port);
  expect([status, type]).toEqual([200, 'text/plain; version=0.0.4; charset=utf-8']);
  return parseExposition(text);
}

async function dial(server: Serving, http: number, endpoint: string, over: 'tcp' | 'websocket') {
  const options = {
    endpoint,
    credentials: { password: 'yabba' },
    requireTls: false,
    reconnect: false,
  } as const;
  const client = await (over === 'tcp'
    ? connect({ ...options, host: '127.0.0.1', port: server.port })
    : connectWebSocket({ ...options, url: `ws://127.0.0.1:${http}/beep` }));
  onTestFinished(() => client.close());
  return client;
}

it.each([
  ['alone', [], ['main']],
  ['with workers', ['--workers', '2'], ['main', 'worker-1', 'worker-2']],
] as const)('/metrics tells what happens, of all processes: %s', async (_, workers, processes) => {
  const home = new Home({ http: { port: 0 }, access: { defaults: forAll } });
  await home.run('endpoint import', `${fred},yabba\n${wilma},yabba\n`);
  const server = await home.serve(['serve', '--config', home.config, ...workers]);
  const port = await portOf(server);
  const publisher = await dial(server, port, fred, 'tcp');
  const subscribers = await Promise.all(
    (['tcp', 'tcp', 'websocket', 'websocket'] as const).map((over, number) =>
      dial(server, port, `wilma/${number}@example.com`, over),
    ),
  );
  for (const subscriber of subscribers) await subscriber.presence.subscribe(fred, { durationSeconds: 3600 });
  await publisher.presence.publish({
    tuples: [{ destination: 'apex:fred@example.com', availableUntil: '2030-01-01T00:00:00Z' }],
  });
  await expect(publisher.presence.fetch('nobody@example.com')).rejects.toThrow();
  await expect(dial(server, port, 'barney@example.com', 'tcp')).rejects.toThrow();

  const summary = async () => {
    const families = await exposed(port);
    const of = (name: string, labels?: Record<string, string>) => sum(families, name, labels);
    return {
      sessions: of('apex_sessions'),
      overWebSocket: of('apex_sessions', { transport: 'websocket' }),
      attachments: of('apex_attachments'),
      subscribed: of('apex_operations', { kind: 'subscribe' }),
      publishes: of('apex_publishes_total'),
      fanOuts:
        of('apex_fan_out_subscribers_bucket', { le: '5' }) -
        of('apex_fan_out_subscribers_bucket', { le: '2' }),
      fanOutsMeasured: of('apex_fan_out_duration_seconds_count'),
      lost: of('apex_deliveries_total', { outcome: 'lost' }),
      pending: of('apex_deliveries_pending'),
      unknown: of('apex_refusals_total', { service: 'presence', code: '550' }),
      right: of('apex_authentications_total', { mechanism: 'SCRAM-SHA-256', outcome: 'succeeded' }),
      wrong: of('apex_authentications_total', { mechanism: 'SCRAM-SHA-256', outcome: 'failed' }),
    };
  };
  // Whichever process answers.
  for (let count = 0; count < 4; count += 1) {
    await expect.poll(summary, { timeout: 20_000 }).toEqual({
      sessions: 5,
      overWebSocket: 2,
      attachments: 5,
      subscribed: 4,
      publishes: 1,
      fanOuts: 1,
      fanOutsMeasured: 1,
      lost: 0,
      pending: 0,
      unknown: 1,
      right: 5,
      wrong: 1,
    });
  }
  const families = await exposed(port);
  // Four current entries, four copies of the update, and the replies to who published and asked in vain.
  expect(sum(families, 'apex_deliveries_total', { outcome: 'acknowledged' })).toBeGreaterThanOrEqual(10);
  expect(sum(families, 'apex_store_commit_duration_seconds_count')).toBe(
    sum(families, 'apex_store_commit_writes_count'),
  );
  for (const process of processes) {
    expect(sum(families, 'process_resident_memory_bytes', { process })).toBeGreaterThan(1_000_000);
    expect(sum(families, 'nodejs_eventloop_lag_seconds', { process })).toBeGreaterThanOrEqual(0);
  }
  const labels = [...families.values()].flatMap(({ samples }) => samples.map((one) => one.labels));
  expect(new Set(labels.map((one) => one['process']))).toEqual(new Set(processes));
  // Peers cannot make up labels, and no endpoint is in one.
  const values = new Set(labels.flatMap((one) => Object.values(one)));
  expect([...values].filter((value) => /fred|wilma|nobody|barney|@/.test(value))).toEqual([]);
  for (const { samples } of families.values()) expect(samples.length).toBeLessThan(200);
});

it('/metrics counts the sessions of a worker no longer that has ended, and those of the next one', async () => {
  const home = new Home({ http: { port: 0 }, log: { level: 'debug' } });
  await home.run('endpoint import', `${fred},yabba\n`);
  const server = await home.serve(['serve', '--config', home.config, '--workers', '1']);
  const port = await portOf(server);
  const client = await dial(server, port, fred, 'tcp');
  expect(sum(await exposed(port), 'apex_sessions', { process: 'worker-1' })).toBe(1);
  process.kill((await server.logged('edge.started'))['pid'] as number, 'SIGKILL');
  await client.ended;
  await server.logged('edge.restarted');
  const families = await exposed(port);
  expect(sum(families, 'apex_sessions', { process: 'worker-1' })).toBe(0);
  expect(sum(families, 'apex_workers')).toBe(1);
  await dial(server, port, fred, 'tcp');
  expect(sum(await exposed(port), 'apex_sessions', { process: 'worker-1' })).toBe(1);
});

it.each([
  ['alone', []],
  ['with workers', ['--workers', '1']],
] as const)('/metrics is for this machine unless something else is said: %s', async (_, workers) => {
  const statuses = async (http: Record<string, unknown>, headers: readonly Record<string, string>[]) => {
    const server = await new Home({ http: { port: 0, ...http } }).serve([
      'serve',
      '--config',
      'apexd.yaml',
      ...workers,
    ]);
    const port = await portOf(server);
    const found: (number | undefined)[] = [];
    for (const fields of headers) found.push((await ask(port, fields)).status);
    await server.stop();
    return found;
  };
  const plain = {};
  const through = { 'X-Forwarded-For': '198.51.100.7' };
  const local = { 'X-Forwarded-For': '198.51.100.7, 127.0.0.1' };
  const named = { Host: 'evil.example' };
  expect(await statuses({}, [plain, through, local, named])).toEqual([200, 403, 403, 403]);
  expect(await statuses({ trustProxy: true }, [plain, through, local])).toEqual([200, 403, 200]);
  expect(await statuses({ metrics: 'public' }, [plain, through, named])).toEqual([200, 200, 200]);
  expect(await statuses({ metrics: 'off' }, [plain, through])).toEqual([404, 404]);
});
