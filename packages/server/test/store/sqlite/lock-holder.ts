import { lockDataDir } from '../../../src/store/sqlite/data-dir.ts';

/** A program that takes the data folder of its argument, says so, and waits to be killed. */
await lockDataDir(process.argv[2] ?? '');
console.log('held');
setInterval(() => {}, 1000);
