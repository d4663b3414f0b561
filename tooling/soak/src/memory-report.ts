import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isMainThread } from 'node:worker_threads';

/**
 * Is loaded into the processes of a server before anything else: on SIGUSR2 a process collects its garbage and writes
 * what it still holds to a file. So what is measured does not depend on when garbage is collected.
 */
const folder = process.env['SOAK_MEMORY'];

/** In octets. */
export interface MemoryReport {
  /** Objects and what belongs to them outside of the heap. */
  readonly held: number;
  readonly resident: number;
}

if (folder !== undefined && isMainThread) {
  process.on('SIGUSR2', () => {
    globalThis.gc?.();
    // What a finalizer lets go of is garbage after that.
    setImmediate(() => {
      globalThis.gc?.();
      const { heapUsed, external, rss } = process.memoryUsage();
      const report: MemoryReport = { held: heapUsed + external, resident: rss };
      const path = join(folder, `${process.pid}.json`);
      writeFileSync(`${path}.part`, JSON.stringify(report));
      renameSync(`${path}.part`, path);
    });
  });
}
