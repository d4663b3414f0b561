import { config } from '@apex/vitest';
import { mergeConfig } from 'vitest/config';

// Coverage of functions that were compiled before is less exact.
export default mergeConfig(config, { test: { env: { NODE_DISABLE_COMPILE_CACHE: '1' } } });
