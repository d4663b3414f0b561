import { connect } from '@apex/client/tcp';
import { contentElement, type Operation, parseOperation } from '@apex/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Domain, PASSWORD } from './domain.ts';

const FRED = 'fred@example.com';
const wilmasTool = expect.stringMatching(/^wilma\/apex-\w{8}@example\.com$/);

let domain: Domain;
beforeAll(async () => {
  domain = await Domain.start();
}, 60_000);
afterAll(async () => {
  const outcome = await domain.stop();
  expect(outcome).toMatchObject({ code: 0 });
});

/** What fred says of himself, as a subscriber prints it. */
const entry = (capability: string) => ({
  event: 'entry',
  entry: expect.objectContaining({
    publisher: FRED,
    tuples: [expect.objectContaining({ capabilities: [{ baseline: 'urn:x:mood', value: capability }] })],
  }),
});

const publish = async (mood: string) => {
  const options = ['--available-for', '1h', '--capability', `urn:x:mood=${mood}`];
  return domain.apex('fred', 'publish', ...options).ended;
};

/** What an application that is only attached as `endpoint` is told when fred publishes `mood`. */
async function nextPublishFor(endpoint: string, mood: string): Promise<Operation> {
  const client = await connect({
    ...domain.target,
    endpoint,
    credentials: { password: PASSWORD },
    requireTls: false,
  });
  try {
    expect(await publish(mood)).toMatchObject({ code: 0 });
    for await (const { message } of client.incoming) return parseOperation(contentElement(message)!);
    throw new Error('no data came');
  } finally {
    await client.close({ keepOperations: true });
  }
}

/** RFC 3343 §2, one after the other: publishing, subscribing, watching. */
async function converse(mood: string): Promise<void> {
  const watch = domain.apex('fred', 'watch', FRED, '--duration', '10m');
  expect(await watch.json()).toMatchObject({ event: 'started', publisher: FRED });

  const subscribe = domain.apex('wilma', 'subscribe', FRED, '--duration', '5m');
  expect(await subscribe.json()).toMatchObject({ event: 'started', endpoint: wilmasTool });
  expect(await subscribe.json()).toMatchObject({ event: 'entry', entry: { publisher: FRED } });
  const nextOfWilma = async () => {
    for (;;) {
      const said = await watch.json();
      if (String(said['subscriber']).startsWith('wilma')) return said;
    }
  };
  expect(await nextOfWilma()).toEqual({
    event: 'notification',
    publisher: FRED,
    subscriber: wilmasTool,
    action: 'subscribe',
    durationSeconds: 300,
  });

  expect(await publish(mood)).toMatchObject({ code: 0, errors: '' });
  expect(await subscribe.json()).toEqual(entry(mood));

  expect(await subscribe.interrupt()).toMatchObject({ code: 0, errors: '' });
  expect(await nextOfWilma()).toMatchObject({ subscriber: wilmasTool, action: 'terminate' });

  // One that nobody ends, ends by itself.
  const short = domain.apex('wilma', 'subscribe', FRED, '--duration', '1');
  expect(await short.json()).toMatchObject({ event: 'started' });
  expect(await short.json()).toEqual(entry(mood));
  expect(await short.json()).toEqual({ event: 'ended', publisher: FRED, reason: 'expired' });
  expect(await short.ended).toMatchObject({ code: 0 });
  expect(await nextOfWilma()).toMatchObject({ action: 'subscribe', durationSeconds: 1 });
  expect(await nextOfWilma()).toMatchObject({ action: 'terminate' });

  const { code, output, errors } = await domain.apex('barney', 'subscribe', FRED).ended;
  expect({ code, output }).toEqual({ code: 1, output: '' });
  expect(JSON.parse(errors)).toMatchObject({ event: 'error', code: 'client.refused', replyCode: 537 });

  expect(await watch.interrupt()).toMatchObject({ code: 0, errors: '' });
}

/** The operations in progress on fred's entry. */
async function operations(): Promise<readonly { kind: string; originator: string; transID: number }[]> {
  const shown = await domain.administer(['presence', 'show', FRED, '--json']);
  return (JSON.parse(shown) as { operations: { kind: string; originator: string; transID: number }[] })
    .operations;
}

describe('a conversation', { timeout: 120_000 }, () => {
  it('[3343 §2.1] [3343 §2.2] [3343 §2.3] [C16] happens as the text has it, and leaves no operation behind', async () => {
    await converse('curious');
    expect(await operations()).toEqual([]);
  });

  it('[P8] [P9] [P10] goes on after the server was killed: entry and operations are there', async () => {
    expect(await publish('before')).toMatchObject({ code: 0 });
    // A subscriber whose machine fails together with the server: nobody has ended its operation.
    const subscribe = domain.apex('wilma', 'subscribe', FRED);
    const { endpoint, transID } = await subscribe.json();
    expect(await subscribe.json()).toEqual(entry('before'));
    await Promise.all([domain.killServer(), subscribe.kill()]);

    await domain.serve();
    expect(await operations()).toEqual([
      expect.objectContaining({ kind: 'subscribe', originator: endpoint, transID }),
    ]);
    const fetched = domain.apex('fred', 'fetch', FRED);
    expect(await fetched.json()).toEqual(entry('before'));
    await fetched.ended;

    // Whoever attaches as that endpoint is told of what comes, under the transID of before.
    expect(await nextPublishFor(String(endpoint), 'meanwhile')).toMatchObject({
      transID,
      presence: { tuples: [{ capabilities: [{ baseline: 'urn:x:mood', value: 'meanwhile' }] }] },
    });

    // As the same endpoint: the new subscription replaces the old one, and learns of what comes.
    const again = domain.apexAs(String(endpoint), 'subscribe', FRED, '--json');
    expect(await again.json()).toMatchObject({ event: 'started', endpoint });
    expect(await again.json()).toEqual(entry('meanwhile'));
    expect(await publish('after')).toMatchObject({ code: 0 });
    expect(await again.json()).toEqual(entry('after'));
    expect(await again.interrupt()).toMatchObject({ code: 0 });
    expect(await operations()).toEqual([]);

    await converse('again');
  });

  it('ends for the command when the server is gone: one line, exit code 1', async () => {
    const subscribe = domain.apex('wilma', 'subscribe', FRED);
    await subscribe.json();
    await subscribe.json();
    await domain.killServer();
    const { code, errors } = await subscribe.ended;
    expect(code).toBe(1);
    expect(JSON.parse(errors)).toMatchObject({ event: 'error', code: 'client.lost' });
    await domain.serve();
  });
});
