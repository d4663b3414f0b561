import { copyFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { soak } from '../src/soak.ts';

// The load takes as long as it says; starts and checks come on top, and take what the machine has.
const timeout = 600_000;

it('[P8] [P10] [A5] holds what it acknowledged under 15 seconds of load, killed again and again', {
  timeout,
}, async () => {
  const { figures, violations, held } = await soak({ seconds: 15, seed: 1, workers: 0, from: 'sources' });
  expect(violations).toEqual([]);
  expect(held.after.processes).toBe(1);
  for (const happened of ['published', 'subscribed', 'deliveries', 'notifications', 'kills'] as const) {
    expect(figures[happened], happened).toBeGreaterThan(0);
  }
});

it('finds out when a server comes back with less than it had', { timeout }, async () => {
  let copy: string | undefined;
  const { violations } = await soak({
    seconds: 3,
    seed: 2,
    workers: 0,
    from: 'sources',
    // From the second life on it is the data of the end of the first one that comes back.
    betweenLives(dataDir) {
      const path = join(dataDir, 'apex.db');
      if (copy === undefined) {
        copy = join(dataDir, 'copy');
        for (const suffix of ['', '-wal']) copyFileSync(path + suffix, copy + suffix);
        return;
      }
      rmSync(`${path}-shm`, { force: true });
      for (const suffix of ['', '-wal']) copyFileSync(copy + suffix, path + suffix);
    },
  });
  expect(violations.join('\n')).toMatch(/read update \d+ of p\d@example.com, and only/);
});
