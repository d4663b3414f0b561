import { MemoryStore } from '../../../src/store/memory/memory-store.ts';
import { storeSuite } from '../../../src/store/testing.ts';

storeSuite('MemoryStore', {
  create: async () => ({ open: async () => new MemoryStore(), reopens: false, remove: async () => {} }),
});
