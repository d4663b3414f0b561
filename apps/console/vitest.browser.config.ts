export { browserConfig as default } from '@apex/vitest';
