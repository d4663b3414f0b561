import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/** How long a process may take to end by itself, in milliseconds. */
const GRACE_MS = 10_000;

/** Ends a process: asks it first, and then no longer. Resolves when it has ended. */
export async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill('SIGTERM');
  const insist = setTimeout(() => child.kill('SIGKILL'), GRACE_MS);
  await exit;
  clearTimeout(insist);
}

/** The first line of standard output that the pattern finds. Rejects when the process ends before. */
export async function firstMatch(child: ChildProcess, pattern: RegExp): Promise<RegExpExecArray> {
  for await (const line of createInterface({ input: child.stdout! })) {
    const match = pattern.exec(line);
    if (match !== null) return match;
  }
  throw new Error(`${child.spawnfile} ended before it was ready`);
}

/** Runs a command to its end; resolves with the last line that it prints. Rejects when it fails. */
export async function lastLineOf(command: readonly string[], signal?: AbortSignal): Promise<string> {
  const [file, ...rest] = command;
  const child = spawn(file!, rest, {
    stdio: ['ignore', 'pipe', 'inherit'],
    ...(signal === undefined ? {} : { signal }),
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`${file} failed with exit code ${code}`);
  return output.trim().split('\n').at(-1)!;
}
