import { config } from '@apex/vitest';
import { mergeConfig } from 'vitest/config';

// Each test starts processes, on whatever machine.
export default mergeConfig(config, { test: { testTimeout: 120_000, hookTimeout: 60_000 } });
