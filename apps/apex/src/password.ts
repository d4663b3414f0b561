import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { usage } from './errors.ts';

/**
 * The password: from APEX_PASSWORD, else the first line of standard input, which a terminal is asked for
 * without showing it. It never stands on a command line, where others on the machine could read it.
 */
export async function readPassword(endpoint: string): Promise<string> {
  if (isPasswordGiven()) return process.env['APEX_PASSWORD'] as string;
  const isTerminal = process.stdin.isTTY === true;
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({
    input: process.stdin,
    terminal: isTerminal,
    ...(isTerminal ? { output: silent } : {}),
  });
  if (isTerminal) process.stderr.write(`Password of ${endpoint}: `);
  try {
    for await (const line of lines) {
      if (line !== '') return line;
      break;
    }
  } finally {
    lines.close();
    // A pipe that stays open would keep the process from ending.
    process.stdin.unref?.();
    if (isTerminal) process.stderr.write('\n');
  }
  throw usage('no password: set APEX_PASSWORD, or write it on the first line of standard input');
}

/** Whether standard input is free for something else. */
export function isPasswordGiven(): boolean {
  return (process.env['APEX_PASSWORD'] ?? '') !== '';
}
