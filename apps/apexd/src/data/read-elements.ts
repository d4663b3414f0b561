import { SaxesParser } from 'saxes';
import { AppError } from '../errors.ts';

/**
 * Reads a document from a stream and hands out the children of its root, each whole, one after the other: what is held
 * in memory is one of them, and a limit says how large it may be. The reader of the protocol does not serve here: it
 * takes the subset of XML that travels on the wire, without a declaration or comments, and a message at a time.
 */

/** An element with all that it holds. */
export interface ReadElement {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  /** All character data, that between the children too. */
  readonly text: string;
  readonly children: readonly ReadElement[];
  /** The line in which it begins, from 1. */
  readonly line: number;
}

/** The root, without children, and then these. */
export type Found =
  | { readonly kind: 'root'; readonly root: ReadElement }
  | { readonly kind: 'element'; readonly element: ReadElement };

interface Open extends ReadElement {
  text: string;
  readonly children: Open[];
}

/** Characters that one child of the root may have, and what stands before it. */
const MAX_ELEMENT = 4 * 1024 * 1024;
/** Characters that are read at a time: one step may not hold much more than the limit allows. */
const STEP = 64 * 1024;

/** Throws AppError `import.syntax`, which names the line; `name` is that of the document. */
export async function* readElements(input: AsyncIterable<Uint8Array>, name: string): AsyncGenerator<Found> {
  const parser = new SaxesParser();
  const found: Found[] = [];
  const open: Open[] = [];
  let line = 1;
  /** Where the last child of the root ended. */
  let end = 0;
  const fail = (problem: string): never => {
    throw new AppError('import.syntax', `${name}:${parser.line}: ${problem}`);
  };
  parser.on('error', ({ message }) => fail(`not well-formed XML: ${message.replace(/^\d+:\d+: |\.$/g, '')}`));
  parser.on('doctype', () => fail('has a DOCTYPE, which is not read; remove it'));
  parser.on('xmldecl', ({ encoding = 'UTF-8' }) => {
    if (encoding.toUpperCase() !== 'UTF-8') fail(`is in ${encoding}; convert it to UTF-8`);
  });
  parser.on('opentagstart', () => {
    ({ line } = parser);
  });
  parser.on('opentag', ({ name, attributes }) => {
    const element: Open = { name, attributes, text: '', children: [], line };
    if (open.length === 0) found.push({ kind: 'root', root: element });
    // The root keeps none of its children.
    else if (open.length > 1) open.at(-1)!.children.push(element);
    open.push(element);
  });
  const addText = (text: string): void => {
    const element = open.at(-1);
    if (element !== undefined && (open.length > 1 || text.trim() !== '')) element.text += text;
  };
  parser.on('text', addText);
  parser.on('cdata', addText);
  parser.on('closetag', () => {
    const element = open.pop()!;
    if (open.length === 0 && element.text !== '') fail('text stands between the entries');
    if (open.length !== 1) return;
    end = parser.position;
    found.push({ kind: 'element', element });
  });

  const decoder = new TextDecoder('utf-8', { fatal: true });
  const decoded = (octets?: Uint8Array): string => {
    try {
      return octets === undefined ? decoder.decode() : decoder.decode(octets, { stream: true });
    } catch {
      return fail('is not UTF-8 behind this line');
    }
  };
  for await (const octets of input) {
    const text = decoded(octets);
    for (let from = 0; from < text.length; from += STEP) {
      parser.write(text.slice(from, from + STEP));
      if (parser.position - end > MAX_ELEMENT) fail(`an entry has more than ${MAX_ELEMENT} characters`);
      yield* found.splice(0);
    }
  }
  parser.write(decoded()).close();
  yield* found.splice(0);
}
