import { DatabaseSync } from 'node:sqlite';
import { parentPort, workerData } from 'node:worker_threads';
import { storeErrorOf } from './schema.ts';

/** A thread of its own for one backup: neither the event loop nor the thread that commits waits for it. */
const { path, target } = workerData as { path: string; target: string };

try {
  const connection = new DatabaseSync(path);
  try {
    connection.exec('PRAGMA busy_timeout = 5000');
    // One read transaction: all that was committed before it, and nothing that comes later.
    connection.prepare('VACUUM INTO ?').run(target);
  } finally {
    connection.close();
  }
  parentPort!.postMessage(undefined);
} catch (error) {
  const { code, message } = storeErrorOf(error, path);
  parentPort!.postMessage({ code, message });
}
