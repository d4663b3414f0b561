import { config } from '@apex/vitest';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  ...config,
  test: {
    ...config.test,
    reporters: ['dot', ['json', { outputFile: 'test-report-reference.json' }]],
  },
});
