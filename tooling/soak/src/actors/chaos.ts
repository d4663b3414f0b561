import { setTimeout as pause } from 'node:timers/promises';
import type { Random } from '@apex/fuzz/random';
import type { Model } from '../model.ts';
import type { Server } from '../server.ts';

/** Kills the server, or one of its workers, at random moments until the signal, once at least. It serves when this resolves. */
export async function kill(
  server: Server,
  model: Model,
  random: Random,
  signal: AbortSignal,
  betweenLives: (dataDir: string) => void,
): Promise<void> {
  do {
    await pause(500 + random.below(4000), undefined, { signal }).catch(() => {});
    const workers = server.children();
    if (workers.length > 0 && random.once(3)) {
      model.figures.workerKills += 1;
      process.kill(random.pick(workers), 'SIGKILL');
      continue;
    }
    await server.kill();
    model.figures.kills += 1;
    betweenLives(server.dataDir);
    const startedAt = performance.now();
    await server.start();
    const tookMs = Math.round(performance.now() - startedAt);
    model.figures.slowestStartMs = Math.max(model.figures.slowestStartMs, tookMs);
  } while (!signal.aborted);
}
