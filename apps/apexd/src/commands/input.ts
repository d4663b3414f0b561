import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { AppError } from '../errors.ts';

/** The first line of standard input: a password never stands on a command line. */
export async function readPassword(input: Readable): Promise<string> {
  for await (const line of readLines(input)) {
    // Nothing more is read, and an input that stays open must not keep the process.
    input.destroy();
    if (line === '') break;
    return line;
  }
  throw new AppError('input.password', 'no password: write it on the first line of standard input', 2);
}

export interface ImportEntry {
  readonly endpoint: string;
  readonly password: string;
}

/** `endpoint,password` lines; empty lines are skipped. The password may hold commas. */
export async function readImport(input: Readable): Promise<ImportEntry[]> {
  const entries: ImportEntry[] = [];
  let number = 0;
  for await (const line of readLines(input)) {
    number += 1;
    if (line.trim() === '') continue;
    const comma = line.indexOf(',');
    if (comma < 1 || comma === line.length - 1) {
      throw new AppError(
        'input.import',
        `standard input, line ${number}: expected endpoint,password; nothing was imported`,
        2,
      );
    }
    entries.push({ endpoint: line.slice(0, comma).trim(), password: line.slice(comma + 1) });
  }
  return entries;
}

function readLines(input: Readable): AsyncIterable<string> {
  return createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY });
}
