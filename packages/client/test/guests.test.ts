import { createServer, MemoryStore } from '@apex/server';
import { afterEach, expect, it } from 'vitest';
import { connect } from '../src/tcp.ts';

const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

it('[4505] lets anonymous peers see what guests may see, and no more, within limits of their own', async () => {
  const events: unknown[] = [];
  const server = await createServer({
    domain: 'example.com',
    store: new MemoryStore(),
    listen: { host: '127.0.0.1', port: 0 },
    requireTls: false,
    mechanisms: ['ANONYMOUS'],
    guest: 'guest@example.com',
    limits: { operationsPerGuest: 1, guestDurationSeconds: 1 },
    onEvent: (event) => events.push(event),
  });
  ends.push(() => server.close());
  const { administration } = server;
  await administration.addEndpoint('fred@example.com', 'yabba');
  await administration.addEndpoint('barney@example.com', 'doo');
  for (const owner of ['fred@example.com', 'barney@example.com']) {
    await administration.setAccess(owner, 'guest/*@example.com', ['presence:subscribe']);
  }
  const guest = await connect({
    ...server.address,
    endpoint: 'guest/5c0f@example.com',
    credentials: { anonymous: 'a page about fred' },
    requireTls: false,
  });
  ends.push(() => guest.close());
  const subscription = await guest.presence.subscribe('fred@example.com', { durationSeconds: 3600 });
  const entries = subscription[Symbol.asyncIterator]();
  expect(await entries.next()).toMatchObject({ value: { publisher: 'fred@example.com' } });
  await expect(guest.presence.subscribe('barney@example.com', { durationSeconds: 60 })).rejects.toMatchObject(
    {
      replyCode: 554,
    },
  );
  await expect(guest.presence.watch('fred@example.com', { durationSeconds: 60 })).rejects.toMatchObject({
    replyCode: 537,
  });
  expect(events).toContainEqual(
    expect.objectContaining({
      name: 'auth.succeeded',
      mechanism: 'ANONYMOUS',
      identity: 'guest@example.com',
    }),
  );
});
