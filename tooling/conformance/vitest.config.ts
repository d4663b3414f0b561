import { config } from '@apex/vitest';
import { mergeConfig } from 'vitest/config';

export default mergeConfig(config, {
  test: {
    globalSetup: ['src/setup.ts'],
    // Tests share nothing but the server, each has its own endpoints.
    sequence: { concurrent: true },
    maxConcurrency: 16,
  },
});
