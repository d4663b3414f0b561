import type { ImportedEntry } from '@apex/server';
import * as z from 'zod';
import { AppError } from '../errors.ts';
import { DOCUMENT_VERSION } from './entries-document.ts';
import { importedEntrySchema } from './imported-entry.ts';
import { type ReadElement, readElements } from './read-elements.ts';

/** An entry of a document: where it stands, what it is about, and itself or what is wrong with it. */
export type DocumentEntry = {
  readonly line: number;
  readonly about: string;
} & (
  | { readonly entry: ImportedEntry; readonly problem?: never }
  | { readonly problem: string; readonly entry?: never }
);

/**
 * The entries of a document, one after the other. Throws AppError `import.syntax`, `import.version` or `import.domain`
 * when the document cannot be read on.
 */
export async function* importedEntries(
  input: AsyncIterable<Uint8Array>,
  name: string,
  served: readonly string[],
): AsyncGenerator<DocumentEntry> {
  for await (const found of readElements(input, name)) {
    if (found.kind === 'root') checkRoot(found.root, name, served);
    else yield entryOf(found.element);
  }
}

function checkRoot(
  { name: root, attributes, line }: ReadElement,
  name: string,
  served: readonly string[],
): void {
  const { version, domains = '' } = attributes;
  if (root !== 'entries' || version !== DOCUMENT_VERSION) {
    const text = `expected <entries version="${DOCUMENT_VERSION}">, as presence export of this version writes it`;
    throw new AppError('import.version', `${name}:${line}: ${text}`);
  }
  // Of several, those that are served are taken, and each entry of another one is refused.
  if (
    !domains
      .toLowerCase()
      .split(/\s+/)
      .some((each) => served.includes(each))
  ) {
    const text = `these are entries of the domain ${domains || '(none)'}, and the server has ${served.join(', ')}`;
    throw new AppError('import.domain', `${name}:${line}: ${text}`);
  }
}

function entryOf(element: ReadElement): DocumentEntry {
  const { name, line, attributes } = element;
  switch (name) {
    case 'presence': {
      const about = `presence ${attributes['publisher'] ?? ''}`;
      const candidate = misplacedText(element) ?? {
        kind: 'presence',
        presence: {
          kind: 'presence',
          publisherInfo: '',
          ...attributes,
          tuples: element.children.map(tupleOf),
        },
      };
      return { line, about, ...checked(candidate) };
    }
    case 'access': {
      const { actions = '', ...rest } = attributes;
      const about = `access ${attributes['owner'] ?? ''} ${attributes['actor'] ?? ''}`;
      const words = actions.split(/[ \t\r\n]+/).filter((word) => word !== '');
      const candidate = misplacedText(element) ?? {
        kind: 'access',
        access: { ...rest, actions: words, ...unknownChildren(element) },
      };
      return { line, about, ...checked(candidate) };
    }
    default:
      return { line, about: name, problem: 'neither a presence nor an access element' };
  }
}

/** The parts of an element as their schema names them; what has no place there becomes a key that it refuses. */
function tupleOf({ name, attributes, children }: ReadElement): unknown {
  if (name !== 'tuple') return { [`<${name}>`]: true };
  return { tupleInfo: '', ...attributes, capabilities: children.map(capabilityOf) };
}

function capabilityOf(element: ReadElement): unknown {
  if (element.name !== 'capability') return { [`<${element.name}>`]: true };
  return { ...element.attributes, value: element.text, ...unknownChildren(element) };
}

function unknownChildren({ children }: ReadElement): Readonly<Record<string, true>> {
  return Object.fromEntries(children.map(({ name }) => [`<${name}>`, true]));
}

/** Text belongs into capabilities only. */
function misplacedText(element: ReadElement): string | undefined {
  const { name, text, children } = element;
  if (name === 'capability') return undefined;
  if (text.trim() !== '') return `text stands in ${name}`;
  for (const child of children) {
    const problem = misplacedText(child);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function checked(candidate: unknown): { readonly entry: ImportedEntry } | { readonly problem: string } {
  if (typeof candidate === 'string') return { problem: candidate };
  const result = importedEntrySchema.safeParse(candidate);
  if (result.success) return { entry: result.data };
  // Behind `presence` or `access`, which the line names anyway.
  const placed = result.error.issues.map(({ path, message }) => ({
    place: z.core.toDotPath(path.slice(1)),
    message,
  }));
  // A pattern comes first, and then the words for it.
  const { place, message } = placed.findLast((issue) => issue.place === placed[0]!.place)!;
  return { problem: place === '' ? message : `${place}: ${message}` };
}
