import { config } from '@apex/vitest';
import { mergeConfig } from 'vitest/config';

// Each test starts a server, on whatever machine.
export default mergeConfig(config, { test: { testTimeout: 60_000, hookTimeout: 60_000 } });
