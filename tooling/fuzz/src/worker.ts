import { pathToFileURL } from 'node:url';
import { parentPort, workerData } from 'node:worker_threads';
import { corpusOf, digest, inputsOf, isReached, type KeptInput, keep, reachedName } from './corpus.ts';
import { Coverage } from './coverage.ts';
import type { FromWorker, Order } from './messages.ts';

/**
 * The thread of one target: it tries inputs until its time is over or there is a finding. What it tries is
 * written to shared memory first, so that the main thread knows it even when this one never comes back.
 */
const order = workerData as Order;
const folder = pathToFileURL(new URL('../../../packages/', import.meta.url).pathname).href;
// Before the sources are loaded: only what is compiled afterwards is counted.
const coverage = Coverage.start(folder);
const { Fuzzer, firstLine } = await import('./fuzzer.ts');
const { targets } = await import('./targets/index.ts');
const { Random } = await import('./random.ts');

const tell = (message: FromWorker): void => parentPort?.postMessage(message);
const target = targets.find(({ name }) => name === order.target);
if (target === undefined) throw new Error(`no target ${order.target}`);
const shared = new Uint8Array(order.shared);
const lengthOf = new Uint32Array(order.shared, 0, 1);

/** A rejection that nobody handles is a failure of the input that was tried. */
let stray: { readonly reason: unknown } | undefined;
process.on('unhandledRejection', (reason) => {
  stray ??= { reason };
});

const { only, from, ms } = order;
const kept = corpusOf(target.name);
const more = from === undefined ? [] : inputsOf(from);
const known = [...kept, ...more].map(({ octets }) => octets);
const fuzzer = new Fuzzer({
  target,
  corpus: only === undefined ? known.filter(({ length }) => length <= target.maxOctets) : [only],
  random: new Random(order.seed),
  coverage,
  trying(input) {
    shared.set(input, 4);
    lengthOf[0] = input.length;
  },
  tried() {
    if (stray === undefined) return;
    const { reason } = stray;
    stray = undefined;
    throw reason;
  },
});

const begun = performance.now();
let told = 0;
const progress = (): void => {
  const { executions, corpus, costliest } = fuzzer;
  const seconds = (performance.now() - begun) / 1000;
  tell({
    kind: 'progress',
    executions,
    seconds,
    corpus: corpus.length,
    costliest,
    ...coverage.reached(target.covers),
  });
};

try {
  await fuzzer.begin();
  while (only === undefined && performance.now() - begun < ms) {
    await fuzzer.step();
    if (performance.now() - told < 1000) continue;
    told = performance.now();
    progress();
    // Messages leave when the event loop turns, which targets that never wait do not let it.
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
  progress();
  if (order.keep) {
    const fixed = kept.filter(({ name }) => !isReached(name)).map(({ octets }) => octets);
    const needed = (await fuzzer.minimal(fixed)).map((octets): KeptInput => {
      const seed = more.find((each) => digest(each.octets) === digest(octets));
      return { name: seed?.name ?? reachedName(octets), octets };
    });
    keep(target.name, needed);
    tell({ kind: 'kept', count: needed.length });
  }
  tell({ kind: 'done' });
} catch (error) {
  const input = shared.slice(4, 4 + (lengthOf[0] ?? 0));
  progress();
  const smallest = only ?? (await fuzzer.reduce(input, firstLine(error)));
  tell({ kind: 'finding', input: smallest, text: textOf(error) });
}

function textOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { stack, cause } = error;
  return cause === undefined ? (stack ?? String(error)) : `${stack}\ncaused by ${textOf(cause)}`;
}
