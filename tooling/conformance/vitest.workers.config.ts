import { defineConfig, mergeConfig } from 'vitest/config';
import own from './vitest.config.ts';

// The servers that the tests start hold their connections in two more processes.
process.env['APEX_WORKERS'] ??= '2';

const merged = mergeConfig(own, {});

export default defineConfig({
  ...merged,
  test: {
    ...merged.test,
    reporters: ['dot', ['json', { outputFile: 'test-report-workers.json' }]],
  },
});
