import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSqliteStore, type Store } from '@apex/server';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ApexClient, ClientEvent, ConnectOptions, Subscription } from '../src/tcp.ts';
import { FRED, House, WILMA } from './house.ts';
import { Wire } from './wire.ts';

let folder: string;
let store: Store;
let house: House;
let wire: Wire;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'apex-client-'));
  store = await openSqliteStore({ dataDir: folder });
  house = await House.open(['SCRAM-SHA-256'], store);
  wire = await Wire.to(house.server.address.port);
});
afterEach(async () => {
  await wire[Symbol.asyncDispose]();
  await house[Symbol.asyncDispose]();
  await store.close();
  rmSync(folder, { recursive: true });
});

/** Events of a client, each taken once. */
class Events {
  readonly all: ClientEvent[] = [];
  #wake: (() => void) | undefined;

  readonly listener = (event: ClientEvent): void => {
    this.all.push(event);
    this.#wake?.();
  };

  async next<Kind extends ClientEvent['kind']>(kind: Kind): Promise<Extract<ClientEvent, { kind: Kind }>> {
    for (;;) {
      const event = this.all.shift();
      if (event?.kind === kind) return event as Extract<ClientEvent, { kind: Kind }>;
      if (event === undefined) await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }
}

/** wilma behind the wire, who comes back soon. */
async function attachWilma(options: Partial<ConnectOptions> = {}) {
  const events = new Events();
  const client = await house.attach(WILMA, {
    port: wire.port,
    reconnect: { baseMs: 1, capMs: 20 },
    onEvent: events.listener,
    ...options,
  });
  return { client, events };
}

async function publish(client: ApexClient, info: string): Promise<void> {
  await client.presence.publish(({ tuples }) => ({ publisherInfo: `http://example.com/${info}`, tuples }));
}

async function sees(subscription: Subscription, info: string): Promise<void> {
  while (subscription.current.publisherInfo !== `http://example.com/${info}`) {
    await subscription.changedFrom(subscription.current.lastUpdate);
    expect(subscription.isOver).toBe(false);
  }
}

const operations = async () => (await house.server.administration.showPresence(FRED)).operations;

describe('a connection that breaks', () => {
  it('[P9] [C16] loses no update: the subscription goes on with the entry of the present, under its transID', async () => {
    const fred = await house.attach(FRED);
    const { client, events } = await attachWilma();
    const subscription = await client.presence.subscribe(FRED, { durationSeconds: 3600 });
    const [before] = await operations();
    for (const round of ['one', 'two', 'three']) {
      wire.isDown = true;
      wire.cut();
      await events.next('interrupted');
      // The server believes that wilma is still attached, so that this is delivered to nobody.
      await publish(fred, round);
      await events.next('retrying');
      wire.isDown = false;
      expect(await events.next('resumed')).toMatchObject({ inProgress: 1, ended: [] });
      await sees(subscription, round);
    }
    const [after, ...others] = await operations();
    expect(others).toEqual([]);
    expect(after).toMatchObject({ kind: 'subscribe', originator: WILMA, transID: subscription.transID });
    // It ends when it would have ended, within the second that durations are counted in.
    expect(Math.abs(Date.parse(after!.until) - Date.parse(before!.until))).toBeLessThanOrEqual(2000);
    await publish(fred, 'four');
    await sees(subscription, 'four');
    await client.close();
    expect(await operations()).toEqual([]);
  });

  it('ends what is no longer allowed, with the reason', async () => {
    const { client, events } = await attachWilma();
    const subscription = await client.presence.subscribe(FRED);
    wire.isDown = true;
    wire.cut();
    await events.next('interrupted');
    await house.disallowWilma();
    wire.isDown = false;
    expect(await events.next('resumed')).toMatchObject({
      inProgress: 0,
      ended: [
        { publisher: FRED, transID: subscription.transID, end: { kind: 'terminated', replyCode: 537 } },
      ],
    });
    expect(await subscription.ended).toMatchObject({ kind: 'terminated', replyCode: 537 });
    expect(client.state).toBe('attached');
  });

  it('[C16] gives the endpoint to whom attached meanwhile no longer: they are told that they were replaced, and stop', async () => {
    const { client, events } = await attachWilma();
    wire.isDown = true;
    wire.cut();
    await events.next('interrupted');
    const other = new Events();
    const second = await house.attach(WILMA, {
      attachOverride: true,
      reconnect: { baseMs: 1 },
      onEvent: other.listener,
    });
    wire.isDown = false;
    await events.next('resumed');
    expect(await second.ended).toEqual({ kind: 'replaced' });
    expect(other.all).toEqual([{ kind: 'replaced' }]);
    expect(client.state).toBe('attached');
  });

  it('is the end when the endpoint was removed meanwhile, with the code', async () => {
    const { client, events } = await attachWilma();
    wire.isDown = true;
    wire.cut();
    await events.next('interrupted');
    await house.server.administration.removeEndpoint(WILMA);
    const waiting = client.presence.fetch(FRED).catch((error: unknown) => error);
    wire.isDown = false;
    expect(await events.next('lost')).toMatchObject({ replyCode: 535 });
    expect(await waiting).toMatchObject({ code: 'client.lost', replyCode: 535 });
    const { attempts } = wire;
    await client.close();
    expect(wire.attempts).toBe(attempts);
  });

  it('lets a publish wait that was made meanwhile', async () => {
    const { client, events } = await attachWilma();
    wire.isDown = true;
    wire.cut();
    await events.next('interrupted');
    const publishing = publish(client, 'waited');
    await events.next('retrying');
    wire.isDown = false;
    await publishing;
    expect((await client.presence.fetch(WILMA)).publisherInfo).toBe('http://example.com/waited');
  });

  it('leaves one session and one connection after many times', async () => {
    const { client, events } = await attachWilma();
    const subscription = await client.presence.subscribe(FRED, { keep: true });
    const sockets = (): number =>
      process.getActiveResourcesInfo().filter((resource) => resource === 'TCPSocketWrap').length;
    const before = sockets();
    for (let time = 0; time < 10; time += 1) {
      wire.drop();
      await events.next('resumed');
    }
    expect(subscription.isOver).toBe(false);
    await expect.poll(() => house.server.sessions).toBe(1);
    await expect.poll(sockets).toBe(before);
  });
});

describe('a server that restarts on its store', () => {
  it('[P8] [P9] finds its clients again, with subscriptions, watches and what was published before', async () => {
    const fredEvents = new Events();
    const fred = await house.attach(FRED, {
      reconnect: { baseMs: 1, capMs: 20 },
      onEvent: fredEvents.listener,
    });
    const { client: wilma, events } = await attachWilma();
    const watch = await fred.presence.watch(FRED, { keep: true });
    const subscription = await wilma.presence.subscribe(FRED, { keep: true });
    await publish(fred, 'before');
    await sees(subscription, 'before');

    const start = await house.stop();
    await Promise.all([events.next('interrupted'), fredEvents.next('interrupted')]);
    const publishing = publish(fred, 'after');
    await start();
    expect(await fredEvents.next('resumed')).toMatchObject({ inProgress: 1, ended: [] });
    expect(await events.next('resumed')).toMatchObject({ inProgress: 1, ended: [] });
    await publishing;
    await sees(subscription, 'after');

    const seen: string[] = [];
    for await (const notification of watch) {
      seen.push(
        notification.action === 'restart' ? 'restart' : `${notification.action} ${notification.subscriber}`,
      );
      if (seen.includes('restart') && seen.at(-1) === `subscribe ${WILMA}`) break;
    }
    expect(seen[0]).toBe(`subscribe ${WILMA}`);
    await wilma.close();
    await fred.close();
    expect(await operations()).toEqual([]);
  });

  it('is waited for by a client that starts before it, when asked to', async () => {
    const start = await house.stop();
    const events = new Events();
    const connecting = house.attach(WILMA, {
      reconnect: { baseMs: 1, capMs: 20, fromStart: true },
      onEvent: events.listener,
    });
    expect(await events.next('retrying')).toMatchObject({ attempt: 1, error: { code: 'client.lost' } });
    await start();
    expect((await connecting).state).toBe('attached');
    const refused = house.attach(FRED, {
      credentials: { password: 'wrong' },
      reconnect: { fromStart: true },
    });
    await expect(refused).rejects.toMatchObject({ code: 'client.refused', replyCode: 535 });
  });
});
