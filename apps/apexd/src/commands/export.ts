import { open } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { EntriesPage, SubjectEntries } from '@apex/server';
import { type Ask, administering } from '../admin/administer.ts';
import type { Report } from '../admin/progress.ts';
import { namesIn, readConfig } from '../config.ts';
import { accessText, DOCUMENT_END, documentStart, presenceText } from '../data/entries-document.ts';
import { wholeFile } from '../data/whole-file.ts';
import { AppError } from '../errors.ts';
import { withProgress } from './progress-bar.ts';

export interface ExportOptions {
  readonly config: string;
  readonly endpoint?: readonly string[];
  readonly access?: true;
  readonly force?: true;
}

type Write = (text: string) => Promise<void>;

/** `apexd presence export`: a document on standard output, or in a file that is complete or absent. */
export async function exportEntries(file: string | undefined, options: ExportOptions): Promise<void> {
  const config = readConfig(options.config);
  const work = (write: Write): Promise<void> =>
    administering(config, (ask) =>
      withProgress((report) => writeDocument(ask, namesIn(config.domains), options, write, report)),
    );
  if (file === undefined || file === '-') return work(toOutput);
  await wholeFile(resolve(file), options.force === true, async (temporary) => {
    const handle = await open(temporary, 'wx', 0o600);
    try {
      await work(async (text) => {
        await handle.writeFile(text);
      });
    } finally {
      await handle.close();
    }
  });
}

/** The whole document, page by page. */
export async function writeDocument(
  ask: Ask,
  domains: readonly string[],
  options: Pick<ExportOptions, 'endpoint' | 'access'>,
  write: Write,
  report: Report = () => {},
): Promise<void> {
  await write(documentStart(domains));
  let done = 0;
  for await (const subjects of pages(ask, options.endpoint)) {
    let text = '';
    for (const { presence, access } of subjects) {
      if (presence !== undefined) text += presenceText(presence);
      if (options.access === true) text += access.map(accessText).join('');
    }
    await write(text);
    done += subjects.length;
    report({ step: 'exporting endpoints', done });
  }
  await write(DOCUMENT_END);
}

/** What the server answers is its own, so that it is not checked again. */
async function* pages(
  ask: Ask,
  endpoints: readonly string[] | undefined,
): AsyncGenerator<readonly SubjectEntries[]> {
  if (endpoints !== undefined) {
    for (const endpoint of endpoints)
      yield [(await ask({ op: 'presence.entries', endpoint })) as SubjectEntries];
    return;
  }
  for (let after: string | undefined = ''; after !== undefined; ) {
    const page = (await ask({ op: 'presence.export', after })) as EntriesPage;
    yield page.subjects;
    after = page.next;
  }
}

/** Waits until it is taken: what reads it may be slower. */
function toOutput(text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    process.stdout.write(text, (error) => {
      if (error == null) return resolve();
      reject(
        new AppError('file.write', `cannot write standard output: ${error.message}`, 1, { cause: error }),
      );
    });
  });
}
