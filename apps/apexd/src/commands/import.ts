import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { ImportResult } from '@apex/server';
import { type Ask, administering } from '../admin/administer.ts';
import type { Report } from '../admin/progress.ts';
import { namesIn, readConfig } from '../config.ts';
import { type DocumentEntry, importedEntries } from '../data/imported-entries.ts';
import { AppError } from '../errors.ts';
import { visible } from './print.ts';
import { withProgress } from './progress-bar.ts';

export interface ImportOptions {
  readonly config: string;
  readonly replace?: true;
}

/** How many entries became what. */
type Counts = Record<ImportResult['outcome'], number>;

/** Entries that travel to the server at a time, and about how many characters they may have together. */
const PAGE_ENTRIES = 500;
const PAGE_CHARACTERS = 1024 * 1024;
/** Lines about single entries, behind which only their number is told. */
const MAX_LINES = 100;

/**
 * `apexd presence import`: entries from a document, each by itself; of one that is wrong nothing is changed. Those before
 * the place at which a document cannot be read on are imported. Throws AppError `import.…`.
 */
export async function importEntries(file: string, options: ImportOptions): Promise<void> {
  const config = readConfig(options.config);
  const name = file === '-' ? 'standard input' : file;
  const total = file === '-' ? undefined : await sizeOf(file);
  const counts: Counts = { imported: 0, unchanged: 0, kept: 0, refused: 0 };
  const lines = new Lines();
  const tell = (found: DocumentEntry, result: ImportResult): void => {
    counts[result.outcome] += 1;
    const where = `${name}:${found.line}: ${found.about}`;
    if (result.outcome === 'refused') lines.add(`${where}: refused: ${result.message}`);
    if (result.outcome === 'kept') lines.add(`${where}: kept: what is here is newer (--replace replaces it)`);
  };
  let isRead = false;
  try {
    await administering(config, (ask) =>
      withProgress(async (report) => {
        const input = counted(file === '-' ? process.stdin : createReadStream(file), total, report);
        const entries = importedEntries(input, name, namesIn(config.domains));
        await importDocument(entries, ask, options.replace === true, tell);
      }),
    );
    isRead = true;
  } finally {
    // Nothing to tell when it failed before anything was done.
    if (isRead || sum(counts) > 0) printOutcome(counts, lines);
  }
  if (counts.refused > 0) {
    const text = `${counts.refused} of ${sum(counts)} entries were refused, the lines above say why; repair and import them again`;
    throw new AppError('import.refused', `${name}: ${text}`);
  }
}

/** Imports all entries that can be; `tell` learns what became of each. */
export async function importDocument(
  entries: AsyncIterable<DocumentEntry>,
  ask: Ask,
  replace: boolean,
  tell: (found: DocumentEntry, result: ImportResult) => void,
): Promise<void> {
  let page: (DocumentEntry & { readonly entry: NonNullable<DocumentEntry['entry']> })[] = [];
  let characters = 0;
  const send = async (): Promise<void> => {
    const sent = page;
    page = [];
    characters = 0;
    const request = { op: 'presence.import', replace, entries: sent.map(({ entry }) => entry) } as const;
    const results = (await ask(request)) as readonly ImportResult[];
    for (const [index, found] of sent.entries()) tell(found, results[index]!);
  };
  try {
    for await (const found of entries) {
      if (found.entry === undefined) {
        tell(found, { outcome: 'refused', code: 'import.invalid', message: found.problem });
        continue;
      }
      page.push(found);
      characters += JSON.stringify(found.entry).length;
      if (page.length >= PAGE_ENTRIES || characters >= PAGE_CHARACTERS) await send();
    }
  } finally {
    // Also those before a place at which the document breaks off.
    if (page.length > 0) await send();
  }
}

async function* counted(
  input: AsyncIterable<Uint8Array>,
  total: number | undefined,
  report: Report,
): AsyncGenerator<Uint8Array> {
  let done = 0;
  for await (const octets of input) {
    yield octets;
    done += octets.length;
    report({ step: 'importing octets', done, ...(total === undefined ? {} : { total }) });
  }
}

async function sizeOf(file: string): Promise<number> {
  try {
    return (await stat(file)).size;
  } catch (error) {
    throw new AppError('import.read', `cannot read ${file}: ${(error as Error).message}`, 1, {
      cause: error,
    });
  }
}

function printOutcome({ imported, unchanged, kept, refused }: Counts, lines: Lines): void {
  lines.print();
  process.stdout.write(
    `imported ${imported}, unchanged ${unchanged}, kept newer ones ${kept}, refused ${refused}\n`,
  );
}

/** What is told of single entries, once the bar is gone. */
class Lines {
  readonly #first: string[] = [];
  #more = 0;

  add(line: string): void {
    if (this.#first.length < MAX_LINES) this.#first.push(line);
    else this.#more += 1;
  }

  print(): void {
    for (const line of this.#first) process.stderr.write(`${visible(line)}\n`);
    if (this.#more > 0) process.stderr.write(`and ${this.#more} more\n`);
  }
}

function sum(counts: Counts): number {
  return Object.values(counts).reduce((all, count) => all + count, 0);
}
