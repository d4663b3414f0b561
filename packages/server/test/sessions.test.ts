import { drive, memoryPair, type Peer, type Profile } from '@apex/beep';
import { VirtualClock } from '@apex/vitest/virtual-clock';
import { afterEach, describe, expect, it } from 'vitest';
import type { ServerEvent } from '../src/server-event.ts';
import type { SessionLimits } from '../src/session-limits.ts';
import { Sessions } from '../src/sessions.ts';
import { codeOf } from './code-of.ts';

const handler = { message: () => {}, closed: () => {} };

/** Authenticates whoever starts it. */
const authentication: Profile = {
  uri: 'urn:authentication',
  start(request) {
    request.session.authenticated({ mechanism: 'TEST', authorization: 'fred@example.com' });
    request.accept(handler);
  },
};

/** As a relay does for a peer that attaches. */
const attachment: Profile = {
  uri: 'urn:attachment',
  start(request) {
    request.session.established();
    request.accept({ message: (exchange) => exchange.reply(exchange.payload), closed: () => {} });
  },
};

const ends: (() => void)[] = [];
afterEach(() => {
  for (const end of ends.splice(0)) end();
});

function begin(limits: Partial<SessionLimits> = {}) {
  const clock = new VirtualClock();
  const events: ServerEvent[] = [];
  const sessions = new Sessions({
    domains: ['example.com'],
    profiles: [authentication, attachment],
    limits,
    onEvent: (event) => events.push(event),
    clock,
  });
  const connect = (remoteAddress = '192.0.2.1:4000'): Peer => {
    const [near, far] = memoryPair();
    Object.defineProperty(far, 'remoteAddress', { value: remoteAddress });
    sessions.accept(far);
    const peer = drive(near, { role: 'initiator', profiles: [] });
    ends.push(() => peer.abort(new Error('the test is over')));
    return peer;
  };
  const start = async (peer: Peer, profile: Profile) => {
    const { channel } = await peer.startChannel({ profiles: [{ uri: profile.uri }], handler });
    return channel;
  };
  const names = (): unknown[] => events.map(({ name, code, text }) => [name, code ?? text]);
  return { clock, events, sessions, connect, start, names };
}

describe('the sessions of a server', () => {
  it('[3080 §2.4] are limited for each address; who is refused is told, and others are not', async () => {
    const { connect, sessions, names } = begin({ connectionsPerAddress: 2 });
    const first = connect('192.0.2.1:4000');
    await first.greeting;
    await connect('192.0.2.1:4001').greeting;
    expect(await codeOf(connect('192.0.2.1:4002').greeting)).toBe(421);
    await connect('192.0.2.2:4000').greeting;
    expect(names()).toEqual([['session.refused', 'too many connections from this address']]);
    expect(sessions.counters.limits.of('connectionsPerAddress')).toBe(1);
    await first.released();
    await expect.poll(() => sessions.size).toBe(2);
    await connect('192.0.2.1:4003').greeting;
  });

  it('of one network of IPv6 are of one address, those on this machine of none', async () => {
    const { connect } = begin({ connectionsPerAddress: 1 });
    await connect('[2001:db8::1]:4000').greeting;
    expect(await codeOf(connect('[2001:db8::2]:4000').greeting)).toBe(421);
    await connect('[2001:db8:0:1::1]:4000').greeting;
    await Promise.all(Array.from({ length: 5 }, () => connect('127.0.0.1:4000').greeting));
  });

  it('beyond the limit are refused without a word when too many are being refused already', async () => {
    const { connect } = begin({ connections: 0 });
    const outcomes = await Promise.allSettled(Array.from({ length: 150 }, () => codeOf(connect().greeting)));
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(100);
    expect(outcomes.filter((each) => 'value' in each && each.value !== 421)).toEqual([]);
  });

  it('end when they take too long to authenticate, whatever they send meanwhile', async () => {
    const { clock, connect, start, names } = begin({ authenticationMs: 10_000 });
    const idle = connect();
    const busy = connect();
    await Promise.all([idle.greeting, busy.greeting]);
    clock.advance(9000);
    await start(busy, attachment);
    clock.advance(3000);
    await Promise.all([idle.ended, busy.ended]);
    expect(names()).toEqual([
      ['session.ended', 'limit.authentication'],
      ['session.ended', 'limit.authentication'],
    ]);
  });

  it('end when they authenticate and never attach', async () => {
    const { clock, connect, start, names } = begin({ authenticationMs: 10_000, attachMs: 5000 });
    const peer = connect();
    await start(peer, authentication);
    clock.advance(5000);
    expect(names()).toEqual([]);
    clock.advance(3000);
    await peer.ended;
    expect(names()).toEqual([['session.ended', 'limit.attach']]);
  });

  it('live on once they are attached, until nothing has come for too long', async () => {
    const { clock, connect, start, names } = begin({
      authenticationMs: 10_000,
      attachMs: 5000,
      idleMs: 60_000,
    });
    const peer = connect();
    await start(peer, authentication);
    const channel = await start(peer, attachment);
    for (let minute = 0; minute < 5; minute += 1) {
      clock.advance(50_000);
      await new Promise((resolve) => channel.send(new Uint8Array(1), resolve));
    }
    expect(names()).toEqual([]);
    clock.advance(62_000);
    expect(await peer.ended).toEqual({ kind: 'released' });
    expect(names()).toEqual([['session.ended', 'limit.idle']]);
  });

  it('tell what peers do wrong, but never more of it than somebody could read', async () => {
    const { clock, connect, events } = begin({ connections: 0 });
    await Promise.all(Array.from({ length: 80 }, () => codeOf(connect().greeting)));
    expect(events).toHaveLength(50);
    clock.advance(1000);
    expect(events).toHaveLength(51);
    expect(events.at(-1)).toEqual({
      level: 'warn',
      name: 'events.dropped',
      of: 'session.refused',
      count: 30,
    });
  });

  it('say when a peer is slowed', async () => {
    const { connect, start, names } = begin({ messagesPerSecond: 10 });
    const peer = connect();
    const channel = await start(peer, attachment);
    for (let count = 0; count < 20; count += 1) channel.send(new Uint8Array(1), () => {});
    await expect.poll(names).toEqual([['session.slowed', 'limit.rate']]);
  });
});
