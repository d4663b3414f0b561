import { createDomain, type Domain, MemoryStore, type PresenceEntryView } from '@apex/server';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { create } from 'xmlbuilder2';
import type { Ask } from '../src/admin/administer.ts';
import { perform } from '../src/admin/perform.ts';
import { writeDocument } from '../src/commands/export.ts';
import { importDocument } from '../src/commands/import.ts';
import { DOCUMENT_END, documentStart, presenceText } from '../src/data/entries-document.ts';
import { type DocumentEntry, importedEntries } from '../src/data/imported-entries.ts';
import { type ReadElement, readElements } from '../src/data/read-elements.ts';

const DOMAIN = 'example.com';
const NAMES = ['fred', 'wilma', "o'hara&co", '\u{1f98a}ж'].map((local) => `${local}@${DOMAIN}`);

/** Text that a writer of XML may get wrong, and any other that XML can carry. */
const text = fc.oneof(
  fc.constantFrom(
    '',
    ' ',
    '\r',
    '\n',
    '\t',
    '\r\n',
    '&',
    '&amp;',
    '&#13;',
    '&lt',
    '<b>',
    ']]>',
    '"\'',
    '\u{1f98a}',
    '\ufffd',
  ),
  fc
    .string({ unit: 'grapheme' })
    .filter((some) => /^[\t\n\r\x20-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]*$/u.test(some)),
);
const uri = fc.constantFrom(
  'mailto:fred@flintstone.com',
  "http://a.example/?a=1&b='2'",
  'apex:fred@example.com',
);
const timestamp = fc.integer({ min: 0, max: Date.UTC(2026, 0) }).map((ms) => new Date(ms).toISOString());

const presence = (publisher: string): fc.Arbitrary<PresenceEntryView> =>
  fc.record({
    publisher: fc.constant(publisher),
    lastUpdate: timestamp,
    publisherInfo: fc.oneof(fc.constant(''), uri),
    tuples: fc.array(
      fc.record({
        destination: uri,
        availableUntil: fc.oneof(timestamp, fc.constant('2525-12-31T23:59:59.123456-08:00')),
        tupleInfo: fc.oneof(fc.constant(''), uri),
        capabilities: fc.array(
          fc.record({
            baseline: uri,
            value: fc.array(text, { maxLength: 4 }).map((parts) => parts.join('')),
          }),
          { maxLength: 3 },
        ),
      }),
      { minLength: 1, maxLength: 3 },
    ),
  });

const access = (owner: string) =>
  fc.record({
    owner: fc.constantFrom(owner, owner.replace('@', '/desk@')),
    actor: fc.constantFrom('*@*', 'wilma@example.com', "\\*'&@example.com", '*@*.example.org'),
    actions: fc.constantFrom(['core:data'], ['presence:subscribe', 'all:all'], ['all:none']),
    lastUpdate: timestamp,
  });

/** A domain with these endpoints and what they have from the start. */
async function domain(): Promise<Domain & { readonly ask: Ask }> {
  const made = await createDomain({
    domain: DOMAIN,
    store: new MemoryStore(),
    iterations: 4096,
    mechanisms: ['OAUTHBEARER'],
  });
  for (const name of NAMES) await made.administration.addEndpoint(name, 'pw');
  return {
    ...made,
    ask: (request) => perform({ administration: made.administration, dataDir: '' }, request, () => {}),
  };
}

async function exported(ask: Ask): Promise<string> {
  let document = '';
  await writeDocument(ask, [DOMAIN], { access: true }, async (more) => {
    document += more;
  });
  return document;
}

/** The octets of a document, cut where it hurts. */
async function* cut(document: string, size: number): AsyncGenerator<Uint8Array> {
  const octets = new TextEncoder().encode(document);
  for (let from = 0; from < octets.length; from += size) yield octets.subarray(from, from + size);
}

async function read(document: string, size = 1 << 20): Promise<DocumentEntry[]> {
  const entries: DocumentEntry[] = [];
  for await (const entry of importedEntries(cut(document, size), 'FILE', [DOMAIN])) entries.push(entry);
  return entries;
}

describe('the document of an export', () => {
  it('imported into a store that has the endpoints alone, gives the same document when it is exported again', async () => {
    const entries = fc.tuple(
      fc.tuple(...NAMES.map(presence)),
      fc.uniqueArray(fc.oneof(...NAMES.map(access)), {
        maxLength: 8,
        selector: ({ owner, actor }) => `${owner} ${actor}`,
      }),
    );
    await fc.assert(
      fc.asyncProperty(entries, fc.integer({ min: 1, max: 100 }), async ([presences, accesses], size) => {
        const [first, second] = [await domain(), await domain()];
        const put = [
          ...presences.map((each) => ({
            kind: 'presence' as const,
            presence: { kind: 'presence' as const, ...each },
          })),
          ...accesses.map((each) => ({ kind: 'access' as const, access: each })),
        ];
        const results = await first.administration.importEntries(put, false);
        expect(results.filter(({ outcome }) => outcome !== 'imported')).toEqual([]);
        const document = await exported(first.ask);
        const outcomes: string[] = [];
        await importDocument(
          importedEntries(cut(document, size), 'FILE', [DOMAIN]),
          second.ask,
          false,
          (_, result) => {
            outcomes.push(result.outcome);
          },
        );
        expect(new Set(outcomes)).toEqual(new Set(['imported']));
        expect(await exported(second.ask)).toBe(document);
        // What is in it is what was put in.
        const found = await read(document);
        for (const each of put) expect(found.map(({ entry }) => entry)).toContainEqual(each);
        await Promise.all([first.close(), second.close()]);
      }),
      { numRuns: 60 },
    );
  }, 60_000);

  it('says the same to another reader of XML', async () => {
    await fc.assert(
      fc.asyncProperty(presence(NAMES[2]!), async (entry) => {
        // That reader takes `&amp;#13;` for a carriage return: it reads what it has read once more.
        fc.pre(!/&(?:#|[a-z]+;)/.test(JSON.stringify(entry.tuples.map(({ capabilities }) => capabilities))));
        const document = documentStart([DOMAIN]) + presenceText(entry) + DOCUMENT_END;
        const elements: ReadElement[] = [];
        for await (const found of readElements(cut(document, 7), 'FILE')) {
          if (found.kind === 'element') elements.push(found.element);
        }
        const root = create({ skipWhitespaceOnlyText: false }, document).root().node as unknown as DomNode;
        expect(elements.map(treeOf)).toEqual(childrenOf(root).map(treeOfNode));
      }),
      { numRuns: 200 },
    );
  });

  it('tells of each entry that is wrong what and in which line, and reads on', async () => {
    const tuple = '<tuple destination="apex:fred@example.com" availableUntil="2525-12-31T23:59:59Z"/>';
    const first = '<presence publisher="fred@example.com" lastUpdate="2026-01-01T00:00:00Z"';
    const lines: [string, string | undefined][] = [
      [`${first}>${tuple}</presence>`, undefined],
      [`${first}/>`, 'tuples: Too small'],
      [`${first} mood="good">${tuple}</presence>`, 'Unrecognized key: "mood"'],
      [`${first} kind="publish">${tuple}</presence>`, 'kind: Invalid input'],
      [`${first}>${tuple}yabba</presence>`, 'text stands in presence'],
      [`${first}>${tuple}<note/></presence>`, 'tuples[1].destination: Invalid input'],
      [`${first}><!-- a comment --><?pi x?>${tuple}</presence>`, undefined],
      [
        first.replace('2026-01-01', '2026-02-30').concat(`>${tuple}</presence>`),
        'lastUpdate: not an RFC 3339 timestamp',
      ],
      [
        `<access owner="fred@example.com" actor="*@*" lastUpdate="2026-01-01T00:00:00Z"/>`,
        'actions: Too small',
      ],
      [`<access owner="fred@example.com" actor="*@*" actions="core:data"/>`, 'lastUpdate: Invalid input'],
      [
        `<access owner="fred@example.com" actor="*" actions="core:data" lastUpdate="2026-01-01T00:00:00Z"/>`,
        'actor: not a canonical actor',
      ],
      [
        `<access owner="fred@example.com" actor="*@*" actions="core:data" lastUpdate="2026-01-01T00:00:00Z"><x/></access>`,
        'Unrecognized key: "<x>"',
      ],
      ['<subscribe/>', 'neither a presence nor an access element'],
    ];
    const document = `<entries version="1" domains="example.com">\n${lines.map(([line]) => `${line}\n`).join('')}</entries>`;
    const found = await read(document);
    expect(found.map(({ line }) => line)).toEqual(lines.map((_, index) => index + 2));
    for (const [index, [, problem]] of lines.entries()) {
      if (problem === undefined) expect(found[index]?.entry).toBeDefined();
      else expect(found[index]?.problem).toContain(problem);
    }
  });

  it.each([
    [
      '<entries version="1" domains="example.com"><access></entries>',
      'import.syntax',
      /^FILE:1: not well-formed XML: /,
    ],
    [
      '<entries version="1" domains="example.com">\n',
      'import.syntax',
      /^FILE:2: not well-formed XML: unclosed tag: entries$/,
    ],
    [
      '<entries version="1" domains="example.com">yabba</entries>',
      'import.syntax',
      /^FILE:1: text stands between the entries$/,
    ],
    ['', 'import.syntax', /^FILE:1: not well-formed XML: /],
    [
      '<!DOCTYPE entries [<!ENTITY a "b">]>\n<entries version="1" domains="example.com">&a;</entries>',
      'import.syntax',
      /^FILE:1: has a DOCTYPE/,
    ],
    [
      '<?xml version="1.0" encoding="ISO-8859-1"?><entries/>',
      'import.syntax',
      /^FILE:1: is in ISO-8859-1; convert/,
    ],
    [
      '<entries version="2" domains="example.com"/>',
      'import.version',
      /^FILE:1: expected <entries version="1">/,
    ],
    ['\n<presence/>', 'import.version', /^FILE:2: expected <entries version="1">/],
    [
      '<entries version="1" domains="example.org"/>',
      'import.domain',
      /^FILE:1: these are entries of the domain example\.org/,
    ],
  ])('that cannot be read is refused: %s', async (document, code, message) => {
    await expect(read(document)).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
  });

  it('is refused behind the line where it is not UTF-8', async () => {
    async function* octets(): AsyncGenerator<Uint8Array> {
      yield Buffer.from('<entries version="1" domains="example.com">\n');
      yield Buffer.from([0x3c, 0xff, 0xfe]);
    }
    const all = async (): Promise<void> => {
      for await (const _ of importedEntries(octets(), 'FILE', [DOMAIN]));
    };
    await expect(all()).rejects.toMatchObject({
      code: 'import.syntax',
      message: 'FILE:2: is not UTF-8 behind this line',
    });
  });

  it.each([
    ['the text of an entry', '<presence><tuple><capability>'],
    ['an attribute', '<presence publisher="'],
    ['what stands between entries', ''],
  ])('never has to be held in memory: %s has a limit', async (_, start) => {
    let given = 0;
    async function* endless(): AsyncGenerator<Uint8Array> {
      yield Buffer.from(`<entries version="1" domains="example.com">${start}`);
      for (const more = Buffer.alloc(1 << 20, ' '); ; given += more.length) yield more;
    }
    const all = async (): Promise<void> => {
      for await (const _ of importedEntries(endless(), 'FILE', [DOMAIN]));
    };
    await expect(all()).rejects.toMatchObject({
      code: 'import.syntax',
      message: /more than 4194304 characters/,
    });
    expect(given).toBeLessThan(6 << 20);
  });
});

interface DomNode {
  readonly nodeType: number;
  readonly nodeName: string;
  readonly nodeValue: string | null;
  readonly attributes: Iterable<{ readonly name: string; readonly value: string }>;
  readonly childNodes: Iterable<DomNode>;
}

interface Tree {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly text: string;
  readonly children: readonly Tree[];
}

function treeOf({ name, attributes, text, children }: ReadElement): Tree {
  return { name, attributes: { ...attributes }, text, children: children.map(treeOf) };
}

function treeOfNode(node: DomNode): Tree {
  return {
    name: node.nodeName,
    attributes: Object.fromEntries([...node.attributes].map(({ name, value }) => [name, value])),
    text: [...node.childNodes].map(({ nodeType, nodeValue }) => (nodeType === 1 ? '' : nodeValue)).join(''),
    children: childrenOf(node).map(treeOfNode),
  };
}

function childrenOf(node: DomNode): DomNode[] {
  return [...node.childNodes].filter(({ nodeType }) => nodeType === 1);
}
