import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Settings } from './arguments.ts';
import { type Baseline, kept, lossesOf, lostDeliveries, normalisedFigures } from './baseline.ts';
import { type CaseName, caseNames, cases } from './cases.ts';
import { endingOf } from './ending.ts';
import { type LoadGenerator, loadGenerator } from './load-generator.ts';
import { installedPeers } from './peers/installed.ts';
import { progressOn } from './progress.ts';
import { measureRounds, type Outcome } from './rounds.ts';
import { apexdSubject } from './server.ts';
import { tableOf } from './table.ts';

const BASELINE = fileURLToPath(new URL('../baseline.json', import.meta.url));

/**
 * Measures and prints the table, with what there is when it is interrupted; then compares with the baseline or
 * writes it. Resolves with the exit code: 1 when something failed or was lost, 130 when it was interrupted.
 */
export async function measureCommand(settings: Settings, signal: AbortSignal): Promise<number> {
  const { task, rounds, seconds, json, workers } = settings;
  const generate = loadGenerator(settings.driver);
  const baseline = task.kind === 'check' ? baselineFor(generate) : undefined;
  if (typeof baseline === 'string') {
    process.stderr.write(`bench: ${baseline}\n`);
    return 2;
  }
  const without = task.kind === 'check' ? settings.wanted.filter((name) => kept[name] === undefined) : [];
  if (without.length > 0) {
    process.stderr.write(`bench: ${without.join(', ')}: the baseline has no figures of it; leave it out\n`);
    return 2;
  }
  const calibrated = task.kind !== 'measure';
  const peers = !calibrated && settings.peers ? peersFor(generate) : { subjects: [], note: '' };
  const outcome = await measureRounds(
    {
      cases: Object.fromEntries(wantedOf(settings).map((name) => [name, cases[name]])),
      subjects: [apexdSubject(workers), ...peers.subjects],
      rounds,
      seconds,
      warmUpSeconds: 2,
      settleSeconds: 3,
      calibrated,
      generate,
      progress: progressOn(process.stderr),
      signal,
    },
    (sample) => {
      if (json) process.stdout.write(`${JSON.stringify(sample)}\n`);
    },
  );
  if (!json) printOutcome(outcome, generate, peers.note);
  if (outcome.failure !== undefined) return endingOf(outcome.failure, signal);
  if (!calibrated) return 0;
  const figures = normalisedFigures(outcome.samples, outcome.speeds);
  if (baseline === undefined) {
    const written: Baseline = { driver: generate.name, rounds, seconds, figures };
    writeFileSync(BASELINE, `${JSON.stringify(written, undefined, 2)}\n`);
    return 0;
  }
  const losses = [...lostDeliveries(outcome.samples), ...lossesOf(figures, baseline.figures)];
  for (const loss of losses) process.stderr.write(`bench: ${loss}\n`);
  return losses.length === 0 ? 0 : 1;
}

function wantedOf({ task, wanted }: Settings): readonly CaseName[] {
  if (wanted.length > 0) return wanted;
  return task.kind === 'measure' ? caseNames : (Object.keys(kept) as readonly CaseName[]);
}

/** The baseline, or why there is none to compare with. */
function baselineFor(generate: LoadGenerator): Baseline | string {
  let baseline: Baseline;
  try {
    baseline = JSON.parse(readFileSync(BASELINE, 'utf8')) as Baseline;
  } catch (error) {
    return `${BASELINE} cannot be read (${(error as Error).message}); write it with --write-baseline`;
  }
  if (baseline.driver === generate.name) return baseline;
  return `the baseline was measured with --driver ${baseline.driver}, this would be ${generate.name}; compare with the same one`;
}

function peersFor(generate: LoadGenerator) {
  const { subjects, missing } = installedPeers();
  const notes = missing.map((program) => `${program} is not installed: no figures of it\n`);
  if (generate.name === 'c' || subjects.length === 0) return { subjects, note: notes.join('') };
  notes.push('other servers are measured with --driver c only\n');
  return { subjects: [], note: notes.join('') };
}

function printOutcome({ samples, speeds }: Outcome, generate: LoadGenerator, note: string): void {
  const name = generate.name === 'c' ? 'loadgen.c' : 'TypeScript';
  process.stdout.write(`load generator: ${name}; medians, and ranges of the rounds\n\n`);
  process.stdout.write(tableOf(samples));
  if (note !== '') process.stdout.write(`\n${note}`);
  if (speeds.size > 0) {
    const each = [...speeds.values()].map((speed) => speed.toFixed(2));
    process.stdout.write(`\nspeed of the machine in each round: ${each.join(', ')}\n`);
  }
}
