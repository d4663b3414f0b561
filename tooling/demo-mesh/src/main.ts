import { converse } from './conversation.ts';

await converse((afterMs, who, what) => {
  process.stdout.write(`${afterMs.toFixed(1).padStart(9)} ms  ${who.padEnd(18)}  ${what}\n`);
});
