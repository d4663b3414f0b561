import { VirtualClock } from '@apex/vitest/virtual-clock';
import { beforeEach, describe, expect, it } from 'vitest';
import { FailedAttempts } from '../../src/credentials/failed-attempts.ts';
import { codeOf } from '../code-of.ts';

const MALLORY = '192.0.2.1';
const ALICE = '192.0.2.2';
const FRED = 'fred@example.com';

let clock: VirtualClock;
let attempts: FailedAttempts;
beforeEach(() => {
  clock = new VirtualClock();
  attempts = new FailedAttempts({ clock, free: 3, forgetMs: 60_000 });
});

/** How long until it resolves, in milliseconds of the clock. */
async function wait(begin: Promise<void>): Promise<number> {
  const start = clock.now;
  let isOver = false;
  void begin.then(() => {
    isOver = true;
  });
  for (;;) {
    await new Promise(setImmediate);
    if (isOver) return clock.now - start;
    clock.advance(50);
  }
}

function fail(times: number, address: string | undefined, endpoint?: string): void {
  for (let count = 0; count < times; count += 1) attempts.failed(address, endpoint);
}

describe('failed authentications', () => {
  it('have no consequence while they are few', async () => {
    fail(3, MALLORY, FRED);
    expect(await wait(attempts.admit(MALLORY))).toBe(0);
    expect(await wait(attempts.pause(FRED))).toBe(0);
  });

  it('delay further attempts from the address, each one twice as long', async () => {
    fail(4, MALLORY);
    expect(await wait(attempts.admit(MALLORY))).toBe(250);
    fail(1, MALLORY);
    expect(await wait(attempts.admit(MALLORY))).toBe(500);
    fail(2, MALLORY);
    expect(await wait(attempts.admit(MALLORY))).toBe(2000);
  });

  it('leave other addresses, and those that do not count, alone', async () => {
    fail(20, MALLORY);
    expect(await wait(attempts.admit(ALICE))).toBe(0);
    expect(await wait(attempts.admit(undefined))).toBe(0);
  });

  it('make attempts of one address take turns, and refuse those that would wait for too long with 454', async () => {
    fail(8, MALLORY); // four seconds
    const outcomes = Promise.all(Array.from({ length: 20 }, () => codeOf(attempts.admit(MALLORY))));
    clock.advance(60_000);
    const refused = (await outcomes).filter((outcome) => outcome === 454);
    expect(refused).toHaveLength(13);
  });

  it('on an endpoint delay attempts from everywhere, by seconds at most', async () => {
    fail(4, MALLORY, FRED);
    expect(await wait(attempts.pause(FRED))).toBe(250);
    fail(30, ALICE, FRED);
    expect(await wait(attempts.pause(FRED))).toBe(5000);
    expect(await wait(attempts.pause('wilma@example.com'))).toBe(0);
  });

  it('on an endpoint are forgotten when its own peer succeeds, those of the address are not', async () => {
    fail(5, MALLORY, FRED);
    attempts.succeeded(FRED);
    expect(await wait(attempts.pause(FRED))).toBe(0);
    expect(await wait(attempts.admit(MALLORY))).toBe(500);
  });

  it('are forgotten once nothing has failed for a time', async () => {
    fail(9, MALLORY, FRED);
    clock.advance(60_001);
    expect(await wait(attempts.admit(MALLORY))).toBe(0);
    expect(await wait(attempts.pause(FRED))).toBe(0);
  });

  it('are remembered of the latest ones only, so that names nobody has cost no more memory', async () => {
    fail(4, MALLORY, FRED);
    for (let count = 0; count < 10_000; count += 1) attempts.failed(undefined, `nobody${count}@example.com`);
    expect(await wait(attempts.pause(FRED))).toBe(0);
    expect(await wait(attempts.admit(MALLORY))).toBe(250);
  });
});
