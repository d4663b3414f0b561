import { setTimeout } from 'node:timers/promises';
import type { Config } from '../config.ts';
import { AppError } from '../errors.ts';
import { AdminConnection } from './admin-connection.ts';
import { drainedSchema, type LiveRequest, listPageSchema } from './live-requests.ts';
import type { Report } from './progress.ts';
import { adminSocketPath } from './socket-path.ts';

/** Asks a running server something. Rejects with the server's own words. */
export type AskLive = (request: LiveRequest, report?: Report) => Promise<unknown>;

/** Carries out what `work` asks of the running server. Rejects with AppError `admin.not-running` when there is none. */
export async function asking<T>(
  config: Pick<Config, 'dataDir'>,
  work: (ask: AskLive) => Promise<T>,
): Promise<T> {
  const connection = await AdminConnection.open(adminSocketPath(config.dataDir));
  if (connection === undefined) {
    throw new AppError(
      'admin.not-running',
      `no server runs with the data folder ${config.dataDir}: start it (apexd serve), or name its configuration`,
    );
  }
  try {
    return await work((request, report = ignore) => connection.ask(request, report));
  } finally {
    connection.close();
  }
}

/** The rows of a list, as they come. */
export async function* listed(ask: AskLive, request: LiveRequest): AsyncGenerator<unknown, void> {
  for (let next = request; ; next = { op: 'list.more' }) {
    const { rows, more } = listPageSchema.parse(await ask(next));
    yield* rows;
    if (!more) return;
  }
}

/** How long a server may take to end once it is drained, in milliseconds. */
const END_MS = 30_000;
const LOOK_MS = 20;

/** Drains the server; resolves when it has ended, so that the next one can start. */
export async function drained(
  ask: AskLive,
  graceSeconds: number | undefined,
  report: Report,
): Promise<{ readonly attached: number; readonly terminated: number; readonly unanswered: number }> {
  const answer = await ask({ op: 'server.drain', graceSeconds }, report);
  const { pid, ...outcome } = drainedSchema.parse(answer);
  for (let waited = 0; isAlive(pid); waited += LOOK_MS) {
    if (waited >= END_MS) {
      throw new AppError(
        'admin.stays',
        `the server is drained, and its process ${pid} has not ended: look into its log`,
      );
    }
    await setTimeout(LOOK_MS);
  }
  return outcome;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function ignore(): void {}
