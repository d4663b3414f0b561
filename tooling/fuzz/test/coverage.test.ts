import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';
import { Coverage } from '../src/coverage.ts';

it('what runs for the first time is new, and what ran often costs more', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'apex-fuzz-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'planted.mjs');
  writeFileSync(
    file,
    `export function planted(count) {
       if (count > 100) return 'many';
       let sum = 0;
       for (let at = 0; at < count; at += 1) sum += at;
       return sum;
     }`,
  );
  const coverage = Coverage.start(pathToFileURL(folder).href);
  // By its URL: a module that vitest has not rewritten.
  const { planted } = (await import(/* @vite-ignore */ pathToFileURL(file).href)) as {
    planted(count: number): unknown;
  };
  coverage.take().note();
  const before = coverage.reached(['']);

  planted(3);
  const few = coverage.take();
  expect(few.isNew).toBe(true);
  expect(few.note()).toBe(true);
  planted(90);
  const more = coverage.take();
  expect(more.isNew).toBe(false);
  expect(more.work).toBeGreaterThan(few.work);
  planted(101);
  expect(coverage.take().note()).toBe(true);

  const after = coverage.reached(['']);
  expect(after.reached).toBeGreaterThan(before.reached);
  expect(after.reached).toBeLessThanOrEqual(after.all);
  coverage.forget();
  planted(3);
  expect(coverage.take().isNew).toBe(true);
});
