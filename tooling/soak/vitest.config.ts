export { config as default } from '@apex/vitest';
