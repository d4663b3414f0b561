import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Home, ProcessOptions } from '../server-app.ts';
import { attach, fred, infoOf, provisioned, update, wilma } from './people.ts';

const HOUR_MS = 3_600_000;
/** The library that puts a clock of its own before that of the system; undefined where it is not installed. */
const { status, stdout } = spawnSync('faketime', ['-m', '-f', '+0s', 'printenv', 'LD_PRELOAD'], {
  encoding: 'utf8',
});
const library = status === 0 ? stdout.trim() : undefined;

/** The wall clock of a server, which steps when it is told to; the monotonic one goes on. */
function steppingClock(home: Home) {
  const path = join(home.folder, 'clock');
  const options: ProcessOptions = {
    env: {
      ...process.env,
      LD_PRELOAD: library,
      FAKETIME_TIMESTAMP_FILE: path,
      FAKETIME_NO_CACHE: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
      DONT_FAKE_MONOTONIC: '1',
    },
  };
  const step = (offset: string): void => writeFileSync(path, `${offset}\n`);
  step('+0');
  return { options, step };
}

/** How far a time is ahead of now, in hours. */
function hoursAhead(time: string): number {
  return 0 + Math.round((Date.parse(time) - Date.now()) / HOUR_MS); // without the sign of -0
}

describe.skipIf(library === undefined)('a wall clock that steps by an hour', () => {
  it('[P14] [A4] [P10] forth and back leaves subscriptions and their time alone; lastUpdate never goes back', async () => {
    const home = await provisioned();
    const { options, step } = steppingClock(home);
    const server = await home.serve(undefined, [], options);
    const publisher = await attach(server, fred);
    const subscriber = await attach(server, wilma);
    const subscription = await subscriber.presence.subscribe(fred, { durationSeconds: 600 });
    const times: string[] = [];
    for (const [number, offset] of ['+0', '+3600', '-3600', '+0'].entries()) {
      step(offset);
      const { lastUpdate } = subscription.current;
      await publisher.presence.publish(update(number));
      await subscription.changedFrom(lastUpdate);
      expect(subscription.current.publisherInfo).toBe(infoOf(number));
      times.push(subscription.current.lastUpdate);
    }
    expect(times).toEqual([...new Set(times)].sort());
    // What was given out while the clock was ahead is not given out again.
    expect(times.map(hoursAhead)).toEqual([0, 1, 1, 1]);

    // Behind a step back a second is a second.
    step('+3600');
    const other = await attach(server, 'wilma/other@example.com');
    const short = await other.presence.subscribe(fred, { durationSeconds: 1 });
    step('-3600');
    expect(await short.ended).toEqual({ kind: 'expired' });
    expect(subscription.isOver).toBe(false);
    expect(server.log()).toEqual([]);
    expect(await server.stop()).toMatchObject({ code: 0 });
  });

  it('[P8] while the server is down counts: what ends by the new time has ended, what does not goes on', async () => {
    const home = await provisioned();
    const { options, step } = steppingClock(home);
    const first = await home.serve(undefined, [], options);
    const subscriber = await attach(first, wilma);
    await subscriber.presence.subscribe(fred, { durationSeconds: 1800 });
    await (await attach(first, 'wilma/long@example.com')).presence.subscribe(fred, { durationSeconds: 9000 });
    first.kill('SIGKILL');
    await first.outcome;
    const subscribers = async (offset: string): Promise<string[]> => {
      step(offset);
      const server = await home.serve(undefined, [], options);
      const { stdout } = await home.run(`presence show ${fred}`);
      server.kill('SIGKILL');
      await server.outcome;
      return [...stdout.matchAll(/subscribe by (\S+)/g)].map(([, name]) => name!).sort();
    };
    expect(await subscribers('-3600')).toEqual(['wilma/long@example.com', wilma]);
    expect(await subscribers('+3600')).toEqual(['wilma/long@example.com']);
    expect(await subscribers('-3600')).toEqual(['wilma/long@example.com']);
  });
});
