import { relative } from 'node:path';
import { writeFinding } from '../src/corpus.ts';
import type { Fuzzer } from '../src/fuzzer.ts';
import type { Target } from '../src/target.ts';

/** Runs a fuzzer; for a finding rejects with how to repeat it. */
export async function found(
  target: Target,
  fuzzer: Fuzzer,
  what: string,
  run: (fuzzer: Fuzzer) => Promise<void>,
): Promise<void> {
  try {
    await run(fuzzer);
  } catch (cause) {
    const path = relative(`${import.meta.dirname}/../../..`, writeFinding(target.name, fuzzer.tried));
    const command = `npm run fuzz -- --target ${target.name} --repeat ${path}`;
    throw new Error(`${target.name}, ${what}: ${String(cause)}; repeat it with ${command}`, { cause });
  }
}
