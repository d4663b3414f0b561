import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Random } from '@apex/fuzz/random';
import { type Actor, play, type Stage } from './actors/actor.ts';
import { kill } from './actors/chaos.ts';
import { Publisher } from './actors/publisher.ts';
import { Sleeper } from './actors/sleeper.ts';
import { Stranger } from './actors/stranger.ts';
import { Subscriber } from './actors/subscriber.ts';
import { Watcher } from './actors/watcher.ts';
import { type Cast, CHECKER, checkDelivery, checkKept } from './check.ts';
import { Model } from './model.ts';
import { type From, type Held, Server } from './server.ts';
import { PASSWORD } from './visitor.ts';

export interface SoakOptions {
  readonly seconds: number;
  readonly seed: number;
  /** Processes that hold the connections; 0: the server does. */
  readonly workers: number;
  readonly from: From;
  /** Is called while the server does not run; for tests of the checker. */
  readonly betweenLives?: (dataDir: string) => void;
  readonly tell?: (text: string) => void;
}

export interface SoakResult {
  readonly figures: Model['figures'];
  readonly violations: readonly string[];
  /** With nobody connected, before and after the last third of the load. */
  readonly held: { readonly before: Held; readonly after: Held };
}

/** How much more a server may hold at the end than before, in KiB: code that was compiled, buffers that are kept. */
const MORE_KIB = 16 * 1024;

/**
 * Two thirds of the time the server is killed and started again under load; the last third is one life, before and
 * behind which what it holds is measured with nobody connected. Then it is killed once more, and what is there is
 * compared with what was acknowledged.
 */
export async function soak({
  seconds,
  seed,
  workers,
  from,
  betweenLives = () => {},
  tell = () => {},
}: SoakOptions): Promise<SoakResult> {
  const folder = mkdtempSync(join(tmpdir(), 'apex-soak-'));
  const model = new Model();
  const server = new Server(folder, from, workers, (text) => model.violation(text));
  try {
    const { stage, cast, all } = assemble(server, model, seed);
    const everybody = [...stage.publishers, ...all.map(({ endpoint }) => endpoint), CHECKER];
    const endpoints = new Set(everybody.filter((name) => name !== undefined));
    server.run(['endpoint', 'import'], [...endpoints].map((name) => `${name},${PASSWORD}\n`).join(''));
    await server.start();

    tell(`load with kills, ${Math.round((seconds * 2) / 3)} s`);
    const random = new Random(seed);
    const isOver = new AbortController();
    const timer = setTimeout(() => isOver.abort(), (seconds * 2000) / 3);
    try {
      await Promise.all([
        underLoad(stage, all, random, isOver.signal),
        kill(server, model, random, isOver.signal, betweenLives),
      ]);
    } finally {
      clearTimeout(timer);
      isOver.abort();
    }
    await leave(all, false);
    const before = await held(server);

    tell(`load on one life, ${Math.round(seconds / 3)} s`);
    await underLoad(stage, all, random, AbortSignal.timeout(Math.round((seconds * 1000) / 3)));
    tell('checking');
    await checkDelivery(stage, cast);
    await leave(all, true);
    const after = await settledHeld(server, before);
    for (const problem of grown(before, after)) model.violation(problem);

    await server.kill();
    betweenLives(server.dataDir);
    await server.start();
    await checkKept(stage, cast);
    const code = await server.stop();
    if (code !== 0) model.violation(`the server ended with ${code}`);
    server.run(['check', '--data']);
    return { figures: model.figures, violations: model.violations, held: { before, after } };
  } finally {
    await server.kill();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Everybody, each with choices of its own that follow from the seed. */
function assemble(server: Server, model: Model, seed: number) {
  const names = (letter: string, count: number): string[] =>
    Array.from({ length: count }, (_, index) => `${letter}${index}@example.com`);
  const stage: Stage = {
    place: server,
    model,
    publishers: names('p', 4),
    subscribers: names('s', 8),
  };
  let nth = 0;
  const own = (): Random => new Random(seed + 1000 * ++nth);
  const cast: Cast = {
    publishers: stage.publishers.map((name) => new Publisher(name, stage, own())),
    subscribers: stage.subscribers.map((name) => new Subscriber(name, stage, own())),
    sleepers: names('z', 4).map((name) => new Sleeper(name, stage, own())),
    watchers: names('w', 2).map((name) => new Watcher(name, stage, own())),
  };
  const strangers = [own(), own()].map((random) => new Stranger(stage, random));
  const all: readonly (Actor & { readonly endpoint?: string })[] = [
    ...cast.publishers,
    ...cast.subscribers,
    ...cast.sleepers,
    ...cast.watchers,
    ...strangers,
  ];
  return { stage, cast, all };
}

/** Resolves when the signal has come and everybody has stopped acting; they stay. */
async function underLoad(
  stage: Stage,
  all: readonly Actor[],
  random: Random,
  signal: AbortSignal,
): Promise<void> {
  await Promise.all(
    all.map(async (actor) => {
      const own = new Random(random.next());
      await actor.enter();
      await play(actor, own, stage, signal);
    }),
  );
}

async function leave(all: readonly Actor[], isLast: boolean): Promise<void> {
  await Promise.all(all.map((actor) => actor.leave(isLast)));
}

/** What a server holds with nobody connected, once it has noticed that. */
async function held(server: Server): Promise<Held> {
  let last = await server.held();
  for (;;) {
    await pause(250);
    const next = await server.held();
    if (next.descriptors === last.descriptors) return next;
    last = next;
  }
}

async function settledHeld(server: Server, before: Held): Promise<Held> {
  let after = await held(server);
  const isBack = (): boolean => grown(before, after).length === 0;
  // A connection that was aborted is noticed later on a busy machine.
  for (let attempt = 0; !isBack() && attempt < 20; attempt += 1) {
    await pause(500);
    after = await held(server);
  }
  return after;
}

function grown(before: Held, after: Held): string[] {
  const problems: string[] = [];
  if (after.descriptors !== before.descriptors) {
    problems.push(
      `${after.descriptors} file descriptors are open, and ${before.descriptors} were before the load`,
    );
  }
  if (after.heldKib > before.heldKib + MORE_KIB) {
    problems.push(`${after.heldKib} KiB of memory are held, and ${before.heldKib} KiB were before the load`);
  }
  return problems;
}
