import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** An input in a file. */
export interface KeptInput {
  readonly name: string;
  readonly octets: Uint8Array;
}

const corpusFolder = join(import.meta.dirname, '../corpus');

/** The kept inputs of a target, by name. */
export function corpusOf(target: string): readonly KeptInput[] {
  return inputsOf(join(corpusFolder, target));
}

/** The files of a folder as inputs, the shortest first; none when there is no folder. */
export function inputsOf(folder: string): readonly KeptInput[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ name }) => ({ name, octets: new Uint8Array(readFileSync(join(folder, name))) }))
    .sort((a, b) => a.octets.length - b.octets.length || (a.name < b.name ? -1 : 1));
}

/** Whether an input was found by a search, and is kept only as long as it is needed. */
export function isReached(name: string): boolean {
  return name.startsWith('reached-');
}

export function reachedName(octets: Uint8Array): string {
  return `reached-${digest(octets)}`;
}

/** Keeps these inputs in place of those that a search had found before. */
export function keep(target: string, inputs: readonly KeptInput[]): void {
  const folder = join(corpusFolder, target);
  mkdirSync(folder, { recursive: true });
  for (const { name } of corpusOf(target)) if (isReached(name)) rmSync(join(folder, name));
  for (const { name, octets } of inputs) writeFileSync(join(folder, name), octets);
}

/** Writes an input that is a finding to a file and returns its path. */
export function writeFinding(target: string, octets: Uint8Array): string {
  const folder = join(import.meta.dirname, '../findings');
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `${target}-${digest(octets)}`);
  writeFileSync(path, octets);
  return path;
}

/** A short name that tells inputs apart. */
export function digest(octets: Uint8Array): string {
  return createHash('sha256').update(octets).digest('hex').slice(0, 8);
}
