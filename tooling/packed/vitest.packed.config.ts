import { config } from '@apex/vitest';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  ...config,
  test: {
    ...config.test,
    exclude: ['**/node_modules/**'],
    // Whether a package works is nothing that sources can tell.
    reporters: ['dot', ['json', { outputFile: 'test-report-packed.json' }]],
  },
});
