import { join } from 'node:path';
import { defaultServerConditions } from 'vite';
import { defineConfig } from 'vitest/config';

const browserTests = 'test/**/*.browser.test.ts';
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
    exclude: ['**/node_modules/**', browserTests],
    passWithNoTests: true,
    // For what hangs; how fast a machine is decides nothing.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // The files of a package share a process: what they import is read once.
    isolate: false,
    // Tests start hundreds of processes; with what was compiled before, each takes half of the time.
    env: { NODE_COMPILE_CACHE: join(import.meta.dirname, '../../../node_modules/.cache/compiled') },
    reporters: ['dot', ['json', { outputFile: 'test-report.json' }]],
  },
});

/** Those tests of a package that take a browser, for `npm run test:full`: what its vitest.browser.config.ts exports. */
export const browserConfig = defineConfig({
  ...config,
  test: {
    ...config.test,
    include: [browserTests],
    exclude: ['**/node_modules/**'],
    reporters: ['dot', ['json', { outputFile: 'test-report-browser.json' }]],
  },
});
