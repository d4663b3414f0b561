import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** The command that runs a program of this folder from its source. */
export function commandOf(program: string, ...args: readonly (string | number)[]): string[] {
  const flags = process.features.typescript ? [] : ['--experimental-strip-types'];
  return [process.execPath, ...flags, fileURLToPath(new URL(program, import.meta.url)), ...args.map(String)];
}

export function start(command: readonly string[]): ChildProcess {
  const [file = '', ...args] = command;
  return spawn(file, args, { stdio: ['ignore', 'pipe', 'inherit'] });
}

/** Waits until the program ends; kills it once it has printed so many lines. Returns all its whole lines. */
export async function linesOf(child: ChildProcess, killAfter = Number.POSITIVE_INFINITY): Promise<string[]> {
  let output = '';
  child.stdout!.setEncoding('utf8').on('data', (text: string) => {
    output += text;
    if (output.split('\n').length > killAfter) child.kill('SIGKILL');
  });
  await once(child, 'close');
  return output.split('\n').slice(0, -1);
}
