import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSqliteStore } from '../../../src/store/sqlite/sqlite-store.ts';
import { storeSuite } from '../../../src/store/testing.ts';

storeSuite('the SQLite store', {
  async create() {
    const dataDir = await mkdtemp(join(tmpdir(), 'apex-store-'));
    return {
      open: () => openSqliteStore({ dataDir }),
      reopens: true,
      remove: () => rm(dataDir, { recursive: true }),
    };
  },
});
