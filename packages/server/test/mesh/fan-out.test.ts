import { contentElement, formatOperation, parseOperation } from '@apex/protocol';
import { nameServer } from '@apex/vitest/name-server';
import { expect, it } from 'vitest';
import { Attached, type Came, placedHouse, secret } from './house.ts';

const SUBSCRIBERS = 1000;
const fredAt = 'fred@example.com';
const service = 'apex=presence@example.com';

it('[3340 §4.4.4.1 step 5.2] [P10] a publish reaches every subscriber of another domain, whose relay takes 256 at a time', async () => {
  const dns = await nameServer();
  const example = await placedHouse(dns, 'example.com', { peers: { 'rubble.com': { secret } } }, ['fred']);
  const relay = await Attached.relay('rubble.com', example.mesh?.address?.port ?? 0);
  await relay.bind('rubble.com');
  const subscribed: Promise<unknown>[] = [];
  for (let index = 1; index <= SUBSCRIBERS; index += 1) {
    const content = formatOperation({ kind: 'subscribe', publisher: fredAt, transID: index, duration: 3600 });
    subscribed.push(relay.send(service, { from: `wilma/${index}@rubble.com`, content }));
  }
  expect(new Set(await Promise.all(subscribed))).toEqual(new Set(['ok']));
  const { presence } = publishIn(await relay.until(SUBSCRIBERS));
  const fred = await Attached.as(fredAt, example.address.port);
  const publisherInfo = 'http://example.com/away';
  const publish = {
    kind: 'publish',
    publisher: fredAt,
    transID: 7,
    timeStamp: '2026-01-01T00:00:00Z',
  } as const;
  await fred.send(service, {
    content: formatOperation({ ...publish, presence: { ...presence, publisherInfo } }),
  });
  await relay.until(2 * SUBSCRIBERS);
  const told = relay.came.slice(SUBSCRIBERS);
  expect(new Set(told.map((came) => publishIn(came).presence.publisherInfo))).toEqual(
    new Set([publisherInfo]),
  );
  expect(new Set(told.map(({ message }) => message.data.recipients[0]?.identity)).size).toBe(SUBSCRIBERS);
  // Each says to whom it is under the transID of its subscribe.
  for (const came of told) {
    expect(came.message.data.recipients[0]?.identity).toBe(`wilma/${publishIn(came).transID}@rubble.com`);
  }
  expect(example.mesh?.counters).toMatchObject({ dialled: 0, unsent: 0, overflowed: 0 });
});

function publishIn({ message }: Came) {
  const element = contentElement(message);
  const operation = element && parseOperation(element);
  if (operation?.kind !== 'publish') throw new Error(`${operation?.kind ?? 'nothing'} in place of a publish`);
  return operation;
}
