import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import type { Credentials } from '@apex/client';
import { usage } from './errors.ts';

/**
 * What proves to be the endpoint: the certificate that is shown in TLS when there is one, else the access token in
 * APEX_TOKEN, else a password. Neither of the last two ever stands on a command line, where others on the machine
 * could read it. Throws AppError `usage`.
 */
export async function readCredentials(endpoint: string, hasCertificate: boolean): Promise<Credentials> {
  if (hasCertificate) return { certificate: true };
  const token = environment('APEX_TOKEN');
  if (token === undefined)
    return { password: environment('APEX_PASSWORD') ?? (await readPassword(endpoint)) };
  if (environment('APEX_PASSWORD') === undefined) return { token };
  throw usage('APEX_TOKEN: there is APEX_PASSWORD as well; unset one of them');
}

/** Whether standard input is free for something else. */
export function isInputFree(hasCertificate: boolean): boolean {
  return hasCertificate || (environment('APEX_TOKEN') ?? environment('APEX_PASSWORD')) !== undefined;
}

function environment(name: string): string | undefined {
  const value = process.env[name];
  return value === '' ? undefined : value;
}

/** The first line of standard input, which a terminal is asked for without showing it. */
async function readPassword(endpoint: string): Promise<string> {
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
