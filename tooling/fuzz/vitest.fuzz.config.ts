import { config } from '@apex/vitest';
import { defineConfig, mergeConfig } from 'vitest/config';

const merged = mergeConfig(config, {});

export default defineConfig({
  ...merged,
  test: {
    ...merged.test,
    include: ['test/long.fuzz.ts'],
    reporters: ['dot', ['json', { outputFile: 'test-report-fuzz.json' }]],
  },
});
