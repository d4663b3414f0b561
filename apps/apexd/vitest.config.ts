import { config } from '@apex/vitest';
import { defineConfig } from 'vitest/config';

// Its tests wait for processes more than they compute: two files at a time take half of the time.
export default defineConfig({ ...config, test: { ...config.test, maxWorkers: 2 } });
