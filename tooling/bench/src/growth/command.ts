import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Settings } from '../arguments.ts';
import { endingOf } from '../ending.ts';
import { loadGenerator } from '../load-generator.ts';
import { plotSvg } from '../plot.ts';
import { progressOn } from '../progress.ts';
import { growthTable, withGrowth } from './document.ts';
import { fanOutGrowth } from './fan-out.ts';
import { csvOf, type Growth } from './growth.ts';
import { idleGrowth } from './idle.ts';
import { plotsOf } from './plots.ts';
import type { GrowthSetting } from './setting.ts';
import { subscriptionGrowth } from './subscriptions.ts';

const ROOT = fileURLToPath(new URL('../../../../', import.meta.url));

const DOCUMENT = join(ROOT, 'docs/growth.md');

const kinds = [
  { measure: fanOutGrowth, sizes: [100, 1000, 10_000] },
  { measure: idleGrowth, sizes: [1000, 10_000, 30_000] },
  { measure: subscriptionGrowth, sizes: [10_000, 100_000, 1_000_000] },
];

/**
 * Measures how the cost grows, and writes figures (CSV and JSON) and plots (SVG): into tooling/bench/growth,
 * docs/images and docs/growth.md, or all but the last into one folder. Resolves with the exit code; what was measured before a failure or an
 * interruption is written.
 */
export async function growthCommand(settings: Settings, signal: AbortSignal): Promise<number> {
  const { task, largest, rounds, seconds, workers } = settings;
  const chosen = task.kind === 'growth' ? task.folder : undefined;
  const figureFolder = chosen ?? join(ROOT, 'tooling/bench/growth');
  const plotFolder = chosen ?? join(ROOT, 'docs/images');
  const setting: Omit<GrowthSetting, 'sizes'> = {
    rounds,
    seconds,
    workers,
    warmUpSeconds: 2,
    settleSeconds: 3,
    descriptors: descriptorLimit(),
    code: 'build',
    generate: loadGenerator(settings.driver),
    progress: progressOn(process.stderr),
    signal,
  };
  mkdirSync(figureFolder, { recursive: true });
  mkdirSync(plotFolder, { recursive: true });
  for (const { measure, sizes } of kinds) {
    const wanted = sizes.filter((size) => size <= (largest ?? size));
    if (wanted.length === 0) continue;
    const { growth, failure } = await measure({ ...setting, sizes: wanted });
    writeGrowth(growth, figureFolder, plotFolder);
    if (chosen === undefined && growth.samples.length > 0) {
      writeFileSync(DOCUMENT, withGrowth(readFileSync(DOCUMENT, 'utf8'), growth));
    }
    process.stdout.write(`${growth.name}\n\n${growthTable(growth)}\n`);
    if (failure !== undefined) return endingOf(failure, signal);
  }
  return 0;
}

export function writeGrowth(growth: Growth, figureFolder: string, plotFolder: string): void {
  if (growth.samples.length === 0) return;
  writeFileSync(join(figureFolder, `${growth.name}.csv`), csvOf(growth));
  writeFileSync(join(figureFolder, `${growth.name}.json`), `${JSON.stringify(growth, undefined, 2)}\n`);
  for (const [file, plot] of Object.entries(plotsOf(growth))) {
    writeFileSync(join(plotFolder, file), plotSvg(plot));
  }
}

/** What Node raises its own limit to, and its children begin with. */
function descriptorLimit(): number {
  const { status, stdout } = spawnSync('sh', ['-c', 'ulimit -Hn'], { encoding: 'utf8' });
  if (status !== 0 || stdout.trim() === 'unlimited') return Number.POSITIVE_INFINITY;
  return Number(stdout);
}
