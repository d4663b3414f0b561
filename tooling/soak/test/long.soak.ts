import { expect, it } from 'vitest';
import { soak } from '../src/soak.ts';

it('holds what it acknowledged with workers, which are killed as well', {
  timeout: 600_000,
}, async () => {
  const { figures, violations, held } = await soak({ seconds: 30, seed: 3, workers: 2, from: 'sources' });
  expect(violations).toEqual([]);
  expect(held.after.processes).toBe(3);
  expect(figures.kills + figures.workerKills).toBeGreaterThan(0);
});
