import { writeSync } from 'node:fs';
import type { StoreError } from '../../../src/store/errors.ts';
import type { StoreWrite } from '../../../src/store/ports.ts';
import { openSqliteStore } from '../../../src/store/sqlite/sqlite-store.ts';

/**
 * A program for the durability tests: `committer.ts DATA_DIR WRITERS COMMITS` runs so many
 * concurrent writers, each with so many commits one after the other, and prints the name of an
 * endpoint as soon as the commit that adds it is acknowledged. Each commit has two writes. A writer
 * whose commit fails prints the error's code and stops.
 */
const [dataDir = '', writers, commits] = process.argv.slice(2);

const store = await openSqliteStore({ dataDir });
await Promise.all(Array.from({ length: Number(writers) }, (_, writer) => write(writer)));
await store.close();

async function write(writer: number): Promise<void> {
  for (let transID = 1; transID <= Number(commits); transID++) {
    const name = `w${writer}-${transID}@example.com`;
    try {
      await store.commit(writesFor(name, transID));
    } catch (error) {
      print((error as StoreError).code);
      return;
    }
    print(name);
  }
}

/** Has the line written before it returns: not by way of a stream, which a kill would lose. */
function print(line: string): void {
  for (;;) {
    try {
      writeSync(1, `${line}\n`);
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error; // the pipe is full for now
    }
  }
}

function writesFor(name: string, transID: number): StoreWrite[] {
  const operation = { subject: name, originator: name, transID, durationSeconds: 60, deadline: 60_000 };
  return [
    { kind: 'put-endpoint', endpoint: name, createdAt: transID },
    { kind: 'put-operation', operation: { ...operation, kind: 'subscribe' } },
  ];
}
