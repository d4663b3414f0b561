import { DatabaseSync } from 'node:sqlite';
import { parentPort, workerData } from 'node:worker_threads';
import { Database } from './database.ts';
import type { Call, Outcome } from './messages.ts';
import { prepareDatabase, storeErrorOf } from './schema.ts';

/**
 * The worker thread that holds the database. A batch of calls arrives in one message and is one
 * transaction; each commit call in it is a savepoint, so that it is applied or refused alone. Nothing
 * is answered before the transaction is durable: neither its commits, nor the loads that see them.
 */
const { path } = workerData as { path: string };
const port = parentPort!;
const DONE: Outcome = { ok: true, value: undefined };

try {
  const connection = new DatabaseSync(path);
  try {
    // In place of the option of that name, which the oldest Node that is supported does not have.
    connection.exec('PRAGMA busy_timeout = 5000');
    prepareDatabase(connection, path);
    serve(connection);
  } catch (error) {
    connection.close();
    throw error;
  }
  port.postMessage([DONE]);
} catch (error) {
  port.postMessage([refusal(error)]);
}

function serve(connection: DatabaseSync): void {
  const database = new Database(connection);

  port.on('message', (calls: readonly Call[]) => {
    const closing = calls.at(-1)?.method === 'close';
    const outcomes = run(closing ? calls.slice(0, -1) : calls);
    if (closing) {
      connection.close();
      outcomes.push(DONE);
    }
    port.postMessage(outcomes);
    if (closing) port.close();
  });

  function run(calls: readonly Call[]): Outcome[] {
    if (!calls.some(isCommit)) return calls.map(attempt);
    try {
      connection.exec('BEGIN IMMEDIATE');
      const outcomes = calls.map((call) => (isCommit(call) ? attemptAlone(call) : attempt(call)));
      connection.exec('COMMIT'); // P10: returns once the log is synced
      return outcomes;
    } catch (error) {
      rollBack();
      const refused = refusal(error);
      return calls.map((call) => (isCommit(call) ? refused : attempt(call)));
    }
  }

  function attemptAlone(call: Call): Outcome {
    connection.exec('SAVEPOINT alone');
    const outcome = attempt(call);
    if (!outcome.ok) connection.exec('ROLLBACK TO alone'); // throws when SQLite gave up the whole transaction
    connection.exec('RELEASE alone');
    return outcome;
  }

  function attempt({ method, args }: Call): Outcome {
    try {
      const call = database[method as keyof Database] as (...args: readonly unknown[]) => unknown;
      return { ok: true, value: call.apply(database, args as unknown[]) };
    } catch (error) {
      return refusal(error);
    }
  }

  function rollBack(): void {
    try {
      connection.exec('ROLLBACK');
    } catch {
      // There is none: it never began, or SQLite has rolled back by itself.
    }
  }
}

function isCommit(call: Call): boolean {
  return call.method === 'commit';
}

function refusal(error: unknown): Outcome {
  const { code, message } = storeErrorOf(error, path);
  return { ok: false, code, message };
}
