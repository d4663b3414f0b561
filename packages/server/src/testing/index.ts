export { FaultyStore } from '../store/faulty-store.ts';
export { type StoreFactory, type StorePlace, storeSuite } from '../store/testing.ts';
