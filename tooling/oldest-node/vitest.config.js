import { defineConfig } from 'vitest/config';

// In JavaScript and on its own: vitest itself runs on the oldest Node here, which `pnpm run` finds first.
export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    reporters: ['dot', ['json', { outputFile: 'test-report.json' }]],
  },
});
