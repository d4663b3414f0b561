import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { writeGrowth } from '../src/growth/command.ts';
import { growthTable, withGrowth } from '../src/growth/document.ts';
import { fanOutGrowth } from '../src/growth/fan-out.ts';
import { csvOf } from '../src/growth/growth.ts';
import { idleGrowth } from '../src/growth/idle.ts';
import type { GrowthSetting } from '../src/growth/setting.ts';
import { subscriptionGrowth } from '../src/growth/subscriptions.ts';
import { loadGenerator } from '../src/load-generator.ts';

const PATIENT = { timeout: 120_000 };

function setting(more: Partial<GrowthSetting>): GrowthSetting {
  return {
    sizes: [],
    rounds: 1,
    seconds: 0.2,
    warmUpSeconds: 0,
    settleSeconds: 0,
    workers: 0,
    descriptors: 1000,
    code: 'sources',
    generate: loadGenerator('ts'),
    progress: { show() {}, clear() {} },
    signal: new AbortController().signal,
    ...more,
  };
}

it('growth of fan-out says what the descriptors do not allow', PATIENT, async () => {
  const { growth, failure } = await fanOutGrowth(setting({ sizes: [2, 1000] }));
  expect(failure).toBeUndefined();
  expect(growth.samples).toEqual([
    {
      size: 2,
      round: 1,
      figures: {
        deliveriesPerSecond: expect.any(Number),
        p50Ms: expect.any(Number),
        p99Ms: expect.any(Number),
      },
    },
  ]);
  expect(growth.skipped).toEqual([{ size: 1000, reason: 'a process may have 1000 descriptors' }]);
});

it('growth of stored subscriptions measures a server that has them', PATIENT, async () => {
  const { growth, failure } = await subscriptionGrowth(setting({ sizes: [100, 200], rounds: 2 }));
  expect(failure).toBeUndefined();
  expect(growth.samples.map(({ size, round }) => [size, round])).toEqual([
    [100, 1],
    [200, 1],
    [100, 2],
    [200, 2],
  ]);
  for (const { figures } of growth.samples) {
    expect(Object.keys(figures)).toEqual(['startSeconds', 'memoryMib', 'publishMs']);
    for (const figure of Object.values(figures)) expect(figure).toBeGreaterThan(0);
  }
});

const hasCompiler = spawnSync('gcc', ['--version']).status === 0 && process.platform === 'linux';

it.runIf(hasCompiler)(
  'workers and several load generators hold what one process cannot',
  PATIENT,
  async () => {
    const generate = loadGenerator('c');
    onTestFinished(() => rmSync(dirname(generate.binary!), { recursive: true }));
    // 204 descriptors leave room for 4 connections.
    const sizes = [3, 6, 100];
    const { growth, failure } = await idleGrowth(setting({ sizes, descriptors: 204, generate }));
    expect(failure).toBeUndefined();
    expect(growth.samples.map(({ size, figures }) => [size, figures['workers']])).toEqual([
      [3, 0],
      [6, 2],
    ]);
    expect(growth.samples[0]!.figures['memoryMib']).toBeGreaterThan(10);
    expect(growth.skipped).toEqual([
      { size: 100, reason: 'a process may have 204 descriptors, and 4 workers hold the connections' },
    ]);
  },
);

it('idle connections are not measured without the load generator in C, and it says so', async () => {
  const { growth } = await idleGrowth(setting({ sizes: [3] }));
  expect(growth).toEqual({
    name: 'idle',
    samples: [],
    skipped: [{ size: 3, reason: 'needs the load generator in C' }],
  });
});

const growth = {
  name: 'fan-out',
  samples: [
    { size: 1000, round: 1, figures: { deliveriesPerSecond: 30_000.5, p50Ms: 3, p99Ms: 9 } },
    { size: 100, round: 2, figures: { deliveriesPerSecond: 20_000, p50Ms: 2, p99Ms: 8 } },
    { size: 100, round: 1, figures: { deliveriesPerSecond: 10_000, p50Ms: 1, p99Ms: 7 } },
  ],
  skipped: [{ size: 10_000, reason: 'no room' }],
};

it('figures are written by size and round', () => {
  expect(csvOf(growth)).toBe(`size,round,deliveriesPerSecond,p50Ms,p99Ms
100,1,10000,1,7
100,2,20000,2,8
1000,1,30000.5,3,9
`);
});

it('a growth becomes figures and plots, which say what is missing', () => {
  const folder = mkdtempSync(join(tmpdir(), 'apex-plots-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  writeGrowth(growth, folder, folder);
  expect(readdirSync(folder).sort()).toEqual([
    'fan-out.csv',
    'fan-out.json',
    'growth-fan-out-latency.svg',
    'growth-fan-out-rate.svg',
  ]);
  expect(JSON.parse(readFileSync(join(folder, 'fan-out.json'), 'utf8'))).toEqual(growth);
  const plot = readFileSync(join(folder, 'growth-fan-out-rate.svg'), 'utf8');
  expect(plot).toContain('deliveries per second');
  expect(plot).toContain('10,000 not measured: no room');
});

it('nothing is written of what was not measured', () => {
  const folder = mkdtempSync(join(tmpdir(), 'apex-plots-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  writeGrowth({ ...growth, samples: [] }, folder, folder);
  expect(readdirSync(folder)).toEqual([]);
});

it('a table of the growth has medians and ranges by size, and what is missing', () => {
  expect(growthTable(growth)).toBe(`| size | deliveriesPerSecond | p50Ms | p99Ms |
| --- | --- | --- | --- |
| 100 | 15,000 (10,000–20,000) | 1.5 (1–2) | 7.5 (7–8) |
| 1,000 | 30,000 | 3 | 9 |

10,000 not measured: no room.`);
});

it('the document gets plots and table between its marks, and keeps its text', () => {
  const document = `# Growth

<!-- idle -->
<!-- /idle -->

<!-- fan-out -->
old
<!-- /fan-out -->

Why it bends.
`;
  const written = withGrowth(document, growth);
  expect(written).toContain('![Fan-out: acknowledged deliveries](images/growth-fan-out-rate.svg)');
  expect(written).toContain('| 1,000 | 30,000 | 3 | 9 |');
  expect(written).not.toContain('old');
  expect(written.startsWith('# Growth\n\n<!-- idle -->\n<!-- /idle -->\n\n<!-- fan-out -->\n')).toBe(true);
  expect(written.endsWith('<!-- /fan-out -->\n\nWhy it bends.\n')).toBe(true);
  expect(withGrowth(written, growth)).toBe(written);
  expect(() => withGrowth('# Growth', growth)).toThrow('docs/growth.md: expected the marks <!-- fan-out -->');
});
