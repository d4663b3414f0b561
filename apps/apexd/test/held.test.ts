import { type ApexClient, connect, textOf } from '@apex/client/tcp';
import { expect, it } from 'vitest';
import { Home } from './server-app.ts';

const senders = Array.from({ length: 4 }, (_, index) => `s${index}@example.com`);
const recipient = 'fred@example.com';

async function attached(port: number, endpoint: string): Promise<ApexClient> {
  const credentials = { password: 'pw' };
  return connect({ host: '127.0.0.1', port, endpoint, credentials, requireTls: false, reconnect: false });
}

/** Sends numbered messages to be held until the session is lost; resolves with the last accepted one. */
async function sendUntilLost(client: ApexClient, accepted: () => void): Promise<number> {
  for (let number = 1; ; number += 1) {
    try {
      await client.send(recipient, { text: `${client.endpoint} ${number}` }, { hold: true });
    } catch (error) {
      expect(error).toMatchObject({ code: 'client.lost' });
      return number - 1;
    }
    accepted();
  }
}

// Invariant: whenever the server is killed, and whether the recipient was attached or not, what was accepted comes,
// and what comes for the first time comes in the order in which it was sent.
it.each([
  ['while nobody is there', false, []],
  ['while it is delivered', true, []],
  ['while it is delivered, with workers', true, ['--workers', '2']],
] as const)('[C14] [3342 §3] loses no held message when it is killed %s', async (_, isAttached, workers) => {
  const home = new Home({
    log: { level: 'error' },
    limits: { heldMessagesPerEndpoint: 100_000, heldOctetsPerEndpoint: 100_000_000 },
    access: { defaults: [{ actor: '*@example.com', actions: 'core:data' }] },
  });
  await home.run('endpoint import', [...senders, recipient].map((endpoint) => `${endpoint},pw\n`).join(''));
  const server = await home.serve(['serve', '--config', home.config, ...workers]);
  const seen: string[] = [];
  const read = async (client: ApexClient): Promise<void> => {
    for await (const received of client.incoming) seen.push(textOf(received) ?? '');
  };
  const before = isAttached ? await attached(server.port, recipient) : undefined;
  const reading = before === undefined ? undefined : read(before).catch(() => {});
  const clients = await Promise.all(senders.map((endpoint) => attached(server.port, endpoint)));
  let count = 0;
  const accepted = (): void => {
    count += 1;
    if (count === 300) server.kill('SIGKILL');
  };
  const last = await Promise.all(clients.map((client) => sendUntilLost(client, accepted)));
  expect(await server.outcome).toMatchObject({ signal: 'SIGKILL' });
  await reading;

  const again = await home.serve();
  const fred = await attached(again.port, recipient);
  const wanted = senders.flatMap((sender, index) =>
    Array.from({ length: last[index]! }, (_unused, number) => `${sender} ${number + 1}`),
  );
  const missing = new Set(wanted.filter((text) => !seen.includes(text)));
  const incoming = fred.incoming[Symbol.asyncIterator]();
  while (missing.size > 0) {
    const { value } = await incoming.next();
    const text = value === undefined ? '' : (textOf(value) ?? '');
    seen.push(text);
    missing.delete(text);
  }
  const first = [...new Set(seen)];
  for (const [index, sender] of senders.entries()) {
    const numbers = first
      .filter((text) => text.startsWith(`${sender} `))
      .map((text) => Number(text.split(' ')[1]));
    // The one on its way may have become durable without its ok.
    expect([last[index]!, last[index]! + 1]).toContain(numbers.length);
    expect(numbers).toEqual(Array.from({ length: numbers.length }, (_unused, number) => number + 1));
  }
  await fred.close();
});
