import { join } from 'node:path';
import { defaultServerConditions } from 'vite';
import { defineConfig } from 'vitest/config';

const conditions = ['@apex/source', ...defaultServerConditions];

/**
 * The vitest configuration of every workspace package: tests mirror `src/` in `test/`, siblings are
 * read from their sources, and the counts go to `test-report.json`, from which `npm test` adds up
 * its closing line.
 */
export const config = defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    include: ['test/**/*.test.ts'],
    passWithNoTests: true,
    // For what hangs; how fast a machine is decides nothing.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // Tests start hundreds of processes; with what was compiled before, each takes half of the time.
    env: { NODE_COMPILE_CACHE: join(import.meta.dirname, '../../../node_modules/.cache/compiled') },
    reporters: ['dot', ['json', { outputFile: 'test-report.json' }]],
  },
});
