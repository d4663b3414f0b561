import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Calibration, speedOf } from './calibration.ts';
import type { Case, Load } from './cases.ts';
import { lastLineOf } from './child.ts';
import type { LoadGenerator } from './load-generator.ts';
import { pinned } from './pinned.ts';
import type { Progress } from './progress.ts';
import type { Subject } from './subject.ts';
import type { Row, Sample } from './table.ts';

export interface Plan {
  readonly cases: Readonly<Record<string, Case>>;
  readonly subjects: readonly Subject[];
  readonly rounds: number;
  readonly seconds: number;
  readonly warmUpSeconds: number;
  readonly settleSeconds: number;
  /** Whether each round begins with the speed of the machine. */
  readonly calibrated: boolean;
  readonly generate: LoadGenerator;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

export interface Outcome {
  readonly samples: readonly Sample[];
  /** The speed of the machine by round. */
  readonly speeds: ReadonlyMap<number, number>;
  /** Why it ended before its time. */
  readonly failure?: Error;
}

/**
 * Measures every case in each round, one server after the other, so that what else happens on the machine
 * hits all of them alike; in every other round the servers take turns the other way round. Ends when `signal`
 * is aborted or a measurement fails, with what there is by then.
 */
export async function measureRounds(plan: Plan, onSample: (sample: Sample) => void): Promise<Outcome> {
  const { cases, subjects, rounds, calibrated, progress, signal } = plan;
  const samples: Sample[] = [];
  const speeds = new Map<number, number>();
  try {
    for (let round = 1; round <= rounds; round += 1) {
      if (calibrated) {
        progress.show(`round ${round} of ${rounds}: the speed of the machine`);
        speeds.set(round, speedOf(await calibration(plan)));
      }
      for (const [name, chosen] of Object.entries(cases)) {
        const turns = subjects.filter((subject) => canServe(subject, chosen));
        for (const subject of round % 2 === 1 ? turns : turns.toReversed()) {
          signal.throwIfAborted();
          progress.show(`round ${round} of ${rounds}: ${name}, ${subject.name}`);
          const sample = { subject: subject.name, round, row: await measure(plan, name, chosen, subject) };
          samples.push(sample);
          onSample(sample);
        }
      }
    }
    return { samples, speeds };
  } catch (error) {
    return { samples, speeds, failure: error as Error };
  } finally {
    progress.clear();
  }
}

/** BEEP is this project's alone. */
function canServe(subject: Subject, { mode }: Case): boolean {
  return subject.protocol === 'apex' || mode !== 'echo';
}

async function measure(plan: Plan, name: string, chosen: Case, subject: Subject): Promise<Row> {
  const { seconds, warmUpSeconds, settleSeconds, generate, signal } = plan;
  if (chosen.mode === 'echo') {
    return printed('echo-process', JSON.stringify({ name, seconds, warmUpSeconds }), signal);
  }
  return withServer(subject, chosen, ({ port, pid }) => {
    const times = { seconds, warmUpSeconds, settleSeconds };
    return generate.run(subject, { name, load: chosen, port, pid, ...times }, signal);
  });
}

async function withServer<T>(
  subject: Subject,
  load: Load,
  work: (server: { readonly port: number; readonly pid: number }) => Promise<T>,
): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'apex-bench-'));
  try {
    const server = await subject.start(folder, load);
    try {
      return await work(server);
    } finally {
      await server.stop();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function calibration({ seconds, signal }: Plan): Promise<Calibration> {
  return printed('calibration-process', String(Math.min(seconds, 2)), signal);
}

/** Runs a measurement of this folder on cpu 1; resolves with what it prints. */
async function printed<T>(name: string, argument: string, signal: AbortSignal): Promise<T> {
  const path = fileURLToPath(new URL(`./${name}.ts`, import.meta.url));
  const command = pinned(1, [process.execPath, ...process.execArgv, path, argument]);
  return JSON.parse(await lastLineOf(command, signal)) as T;
}
