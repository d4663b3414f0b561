import { spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';

const canPin = availableParallelism() > 1 && spawnSync('taskset', ['--version']).status === 0;

/** The command, bound to one processor where the system can do that. */
export function pinned(processor: number, command: readonly string[]): readonly string[] {
  return canPin ? ['taskset', '-c', String(processor), ...command] : command;
}
