import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { Worker } from 'node:worker_threads';
import { type Arguments, ArgumentsError, readArguments } from './arguments.ts';
import { writeFinding } from './corpus.ts';
import type { FromWorker, Order } from './messages.ts';
import { targets } from './targets/index.ts';

/**
 * Tries inputs of each target for some minutes, guided by coverage.
 *
 *     npm run fuzz [-- --target NAME …] [--minutes N] [--seed N] [--from FOLDER] [--keep] [--repeat FILE]
 *
 * Exit code 1 for a finding, 2 for wrong usage.
 */
/** How long one input may take before it counts as one that never ends. */
const HANG_MS = 30_000;
const PROGRESS_MS = 10_000;
const HEAP_MB = 1024;

process.exitCode = await main();

async function main(): Promise<number> {
  let given: Arguments;
  try {
    given = readArguments(process.argv.slice(2));
  } catch (error) {
    if (!(error instanceof ArgumentsError)) throw error;
    process.stderr.write(`${error.message}\n`);
    return 2;
  }
  let only: Uint8Array | undefined;
  try {
    if (given.repeat !== undefined) only = new Uint8Array(readFileSync(given.repeat));
  } catch (error) {
    process.stderr.write(`fuzz: --repeat: ${given.repeat} cannot be read: ${(error as Error).message}\n`);
    return 2;
  }
  let findings = 0;
  for (const name of given.wanted) findings += (await fuzz(name, given, only)) ? 0 : 1;
  return findings === 0 ? 0 : 1;
}

type Progress = Extract<FromWorker, { kind: 'progress' }>;

/** Tries inputs of a target, or one input only. Resolves with whether nothing was found. */
function fuzz(
  name: string,
  { minutes, seed, from, keep }: Arguments,
  only: Uint8Array | undefined,
): Promise<boolean> {
  const target = targets.find((each) => each.name === name);
  const longest = Math.max(target?.maxOctets ?? 0, only?.length ?? 0);
  const shared = new SharedArrayBuffer(4 + longest);
  const order: Order = { target: name, ms: minutes * 60_000, seed, from, keep, only, shared };
  if (only === undefined) process.stdout.write(`${name}: ${target?.reads}; seed ${seed}\n`);
  const worker = new Worker(new URL('./worker.ts', import.meta.url), {
    workerData: order,
    resourceLimits: { maxOldGenerationSizeMb: HEAP_MB },
  });
  return new Promise((resolve) => {
    let last: Progress | undefined;
    let shownAt = performance.now();
    let heardAt = performance.now();
    let isOver = false;
    const end = (isGood: boolean): void => {
      if (isOver) return;
      isOver = true;
      clearInterval(watch);
      if (last !== undefined && only === undefined) process.stdout.write(`${line(name, last)}\n`);
      void worker.terminate().then(() => resolve(isGood));
    };
    const found = (input: Uint8Array, text: string): void => {
      if (isOver) return;
      if (only !== undefined) {
        process.stdout.write(`${text}\n`);
        return end(false);
      }
      const path = relative(process.cwd(), writeFinding(name, input));
      process.stdout.write(`${text}\n${name}: a finding, written to ${path}; repeat it with\n`);
      process.stdout.write(`  npm run fuzz -- --target ${name} --repeat ${path}\n`);
      end(false);
    };
    const trying = (): Uint8Array => {
      const length = new Uint32Array(shared, 0, 1)[0] ?? 0;
      return new Uint8Array(shared, 4, length).slice();
    };
    const watch = setInterval(() => {
      if (performance.now() - heardAt > HANG_MS)
        found(trying(), `an input does not end within ${HANG_MS} ms`);
      if (performance.now() - shownAt < PROGRESS_MS || last === undefined) return;
      shownAt = performance.now();
      process.stdout.write(`${line(name, last)}\n`);
    }, 500);
    worker.on('message', (message: FromWorker) => {
      heardAt = performance.now();
      switch (message.kind) {
        case 'progress':
          last = message;
          break;
        case 'kept':
          process.stdout.write(`${name}: ${message.count} inputs are kept for what they reach\n`);
          break;
        case 'finding':
          found(message.input, message.text);
          break;
        case 'done':
          if (only !== undefined) process.stdout.write(`${name}: nothing was found\n`);
          end(true);
      }
    });
    // It ran out of memory, or failed outside of a target.
    worker.on('error', (error) => found(trying(), String(error)));
    worker.on('exit', () => found(trying(), 'the thread ended'));
  });
}

function line(name: string, { executions, seconds, corpus, reached, all, costliest }: Progress): string {
  const rate = Math.round(executions / seconds);
  const share = all === 0 ? 0 : (100 * reached) / all;
  return (
    `${name}: ${Math.round(seconds)} s, ${executions} executions (${rate}/s), corpus ${corpus}, ` +
    `coverage ${share.toFixed(1)} %, costliest ${(100 * costliest).toFixed(1)} %`
  );
}
