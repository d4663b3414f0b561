import { afterEach, describe, expect, it } from 'vitest';
import type { Transport, TransportHandler } from '../../src/transport/transport.ts';

/** Two joined transports, and what frees them. */
export interface Joined {
  readonly first: Transport;
  readonly second: Transport;
  free(): Promise<void>;
}

/** Notes what a transport tells. */
export class Listener implements TransportHandler {
  text = '';
  octets = 0;
  drains = 0;
  ends: (Error | undefined)[] = [];

  received(octets: Uint8Array): void {
    this.octets += octets.length;
    if (this.octets < 1000) this.text += new TextDecoder().decode(octets);
  }

  drained(): void {
    this.drains += 1;
  }

  closed(error?: Error): void {
    this.ends.push(error);
  }
}

export async function until(condition: () => boolean): Promise<void> {
  for (let count = 0; !condition(); count += 1) {
    if (count > 2000) throw new Error('it did not happen');
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

/** What every pair of transports does. */
export function transportSuite(name: string, join: () => Promise<Joined>): void {
  describe(`transport: ${name}`, () => {
    let joined: Joined | undefined;
    afterEach(async () => {
      await joined?.free();
      joined = undefined;
    });

    async function opened() {
      joined = await join();
      const { first, second } = joined;
      const [one, two] = [new Listener(), new Listener()];
      first.open(one);
      second.open(two);
      return { first, second, one, two };
    }

    const hello = new TextEncoder().encode('hello');

    it('carries octets both ways', async () => {
      const { first, second, one, two } = await opened();
      first.write(hello);
      second.write(hello);
      await until(() => one.text === 'hello' && two.text === 'hello');
      expect(first.remoteAddress).toMatch(/:\d+$/);
    });

    it('[3081 §2] sends what was written before it closes, and tells both once', async () => {
      const { first, one, two } = await opened();
      first.write(hello);
      first.close();
      await until(() => one.ends.length > 0 && two.ends.length > 0);
      expect(two.text).toBe('hello');
      expect([one.ends, two.ends]).toEqual([[undefined], [undefined]]);
    });

    it('[3081 §2] aborts at once, which the other end sees as an error', async () => {
      const { first, one, two } = await opened();
      first.abort();
      first.abort();
      await until(() => one.ends.length > 0 && two.ends.length > 0);
      expect(two.ends).toEqual([expect.any(Error)]);
      expect(one.ends).toHaveLength(1);
    });

    it('holds back while it is paused, and tells the writer to wait and to go on', async () => {
      const { first, second, one, two } = await opened();
      second.pause();
      let written = 0;
      let drains: number;
      let goesOn: boolean;
      // What lies between the two takes a while to be full.
      do {
        drains = one.drains;
        do {
          goesOn = first.write(new Uint8Array(100_000));
          written += 100_000;
        } while (goesOn && written < 50_000_000);
        await new Promise((resolve) => setTimeout(resolve, 20));
      } while (one.drains > drains && written < 50_000_000);
      expect(goesOn).toBe(false);
      expect(two.octets).toBeLessThan(written);
      second.resume();
      await until(() => two.octets === written && one.drains > drains);
    });

    it('drops what arrives after it was closed', async () => {
      const { first, second, one, two } = await opened();
      first.close();
      second.write(hello);
      await until(() => one.ends.length > 0 && two.ends.length > 0);
      expect(one.text).toBe('');
    });
  });
}
