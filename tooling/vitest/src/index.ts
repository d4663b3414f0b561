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
    reporters: ['dot', ['json', { outputFile: 'test-report.json' }]],
  },
});
