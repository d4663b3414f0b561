import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { PasswordVerifier } from '../../src/credentials/password-verifier.ts';
import { deriveCredentials } from '../../src/credentials/scram.ts';
import type { ScramCredentials } from '../../src/store/ports.ts';

const FRED = 'fred@example.com';
const credentials = await deriveCredentials('pencil', { iterations: 4096 });
const find = async (endpoint: string) => (endpoint === FRED ? credentials : undefined);

/** A verifier whose lookups wait until they are let go, in the order in which they started. */
function heldVerifier(limits: { concurrency?: number; waitingPerSource?: number; waiting?: number }) {
  const started: { endpoint: string; letGo: () => void }[] = [];
  const held = (endpoint: string) =>
    new Promise<ScramCredentials | undefined>((resolve) =>
      started.push({ endpoint, letGo: () => resolve(undefined) }),
    );
  return { started, verifier: new PasswordVerifier({ find: held, iterations: 4096, ...limits }) };
}

describe('the password verifier', () => {
  it('tells the right password from others', async () => {
    const verifier = new PasswordVerifier({ find });
    expect(await verifier.verify(FRED, 'pencil')).toBe(true);
    expect(await verifier.verify(FRED, 'pen')).toBe(false);
    expect(await verifier.verify(FRED, '')).toBe(false);
  });

  it('[B13] does comparable work for an unknown endpoint, and refuses it', async () => {
    const verifier = new PasswordVerifier({ find, iterations: 400_000 });
    const slow = await deriveCredentials('pencil', { iterations: 400_000 });
    const known = new PasswordVerifier({ find: async () => slow });
    const timed = async (attempt: () => Promise<boolean>) => {
      const begun = performance.now();
      expect(await attempt()).toBe(false);
      return performance.now() - begun;
    };
    // What else the machine does may spoil one comparison, but not each of them.
    const ratios: number[][] = [];
    const isComparable = (ratio: number): boolean => ratio > 0.3 && ratio < 3;
    while (ratios.length < 10 && ratios.at(-1)?.every(isComparable) !== true) {
      const knownTime = await timed(() => known.verify(FRED, 'wrong'));
      const unknownTime = await timed(() => verifier.verify('wilma@example.com', 'pencil'));
      const prohibitedTime = await timed(() => known.verify(FRED, '\u0007'));
      ratios.push([unknownTime / knownTime, prohibitedTime / knownTime]);
    }
    expect(ratios.at(-1)).toSatisfy((last: number[]) => last.every(isComparable));
  });

  it('runs no more derivations at a time than it is allowed to', async () => {
    const { started, verifier } = heldVerifier({ concurrency: 3 });
    const attempts = Array.from({ length: 8 }, (_, index) => verifier.verify(`e${index}`, 'x'));
    for (let done = 0; done < 8; done++) {
      await setImmediate();
      expect(started).toHaveLength(Math.min(8, done + 3));
      started[done]?.letGo();
      await attempts[done];
    }
  });

  it('lets sources take turns, so that a flood from one does not starve the others', async () => {
    const { started, verifier } = heldVerifier({ concurrency: 1 });
    const attempts = Array.from({ length: 10 }, (_, index) => verifier.verify(`flood${index}`, 'x', 'a'));
    attempts.push(
      verifier.verify('one', 'x', 'b'),
      verifier.verify('two', 'x', 'c'),
      verifier.verify('three', 'x', 'b'),
    );
    for (let done = 0; done < 13; done++) {
      started[done]?.letGo();
      await expect.poll(() => started.length).toBe(Math.min(13, done + 2));
    }
    await Promise.all(attempts);
    const order = started.map(({ endpoint }) => endpoint);
    expect(order.slice(0, 6)).toEqual(['flood0', 'flood1', 'one', 'two', 'flood2', 'three']);
  });

  it('refuses with 454 what a source, or all together, may not leave waiting', async () => {
    const { started, verifier } = heldVerifier({ concurrency: 1, waitingPerSource: 2, waiting: 3 });
    const busy = { name: 'ReplyError', replyCode: 454 };
    const taken = ['a', 'a', 'a'].map((source) => verifier.verify('x', 'x', source)); // one runs, two wait
    await expect(verifier.verify('x', 'x', 'a')).rejects.toMatchObject(busy);
    taken.push(verifier.verify('x', 'x', 'b'));
    await expect(verifier.verify('x', 'x', 'c')).rejects.toMatchObject(busy);
    for (let done = 0; done < 4; done++) {
      await expect.poll(() => started.length).toBeGreaterThan(done);
      started[done]?.letGo();
    }
    expect(await Promise.all(taken)).toEqual([false, false, false, false]);
    expect(await Promise.race([verifier.verify('x', 'x', 'c'), Promise.resolve('taken')])).toBe('taken');
  });

  it('goes on after a lookup that failed', async () => {
    let failing = true;
    const verifier = new PasswordVerifier({
      concurrency: 1,
      find: async (endpoint) => {
        if (failing) throw new Error('no store');
        return find(endpoint);
      },
    });
    await expect(verifier.verify(FRED, 'pencil')).rejects.toThrow('no store');
    failing = false;
    expect(await verifier.verify(FRED, 'pencil')).toBe(true);
  });
});
