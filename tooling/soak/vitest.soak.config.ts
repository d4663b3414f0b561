import { defineConfig, mergeConfig } from 'vitest/config';
import own from './vitest.config.ts';

const merged = mergeConfig(own, {});

export default defineConfig({
  ...merged,
  test: {
    ...merged.test,
    include: ['test/long.soak.ts'],
    reporters: ['dot', ['json', { outputFile: 'test-report-soak.json' }]],
  },
});
