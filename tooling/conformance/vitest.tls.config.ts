import { defineConfig, mergeConfig } from 'vitest/config';
import own from './vitest.config.ts';

// The tests speak to servers over TLS.
process.env['APEX_TLS'] = '1';

const merged = mergeConfig(own, {});

export default defineConfig({
  ...merged,
  test: {
    ...merged.test,
    reporters: ['dot', ['json', { outputFile: 'test-report-tls.json' }]],
  },
});
