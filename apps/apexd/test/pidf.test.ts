import { describe, expect, it } from 'vitest';
import { pidfText } from '../src/data/pidf.ts';
import { type ReadElement, readElements } from '../src/data/read-elements.ts';

const NOW = Date.UTC(2026, 0, 1);
const entry = {
  publisher: 'fred&co@example.com',
  lastUpdate: '2025-12-31T12:00:00.000Z',
  publisherInfo: 'http://example.com/fred?a=1&b=2',
  tuples: [
    {
      destination: 'mailto:fred@flintstone.com',
      availableUntil: '2026-01-01T00:00:00.001Z',
      tupleInfo: 'http://example.com/info',
      capabilities: [{ baseline: 'http://example.com/language', value: 'yabba' }],
    },
    // The same instant as NOW, written elsewhere: no longer available.
    {
      destination: 'apex:fred@example.com',
      availableUntil: '2026-01-01T02:00:00+02:00',
      tupleInfo: '',
      capabilities: [],
    },
    {
      destination: 'mailto:fred@flintstone.com',
      availableUntil: '2525-12-31T23:59:59Z',
      tupleInfo: '',
      capabilities: [],
    },
  ],
};

async function read(document: string): Promise<{ root: ReadElement; children: ReadElement[] }> {
  async function* octets(): AsyncGenerator<Uint8Array> {
    yield Buffer.from(document);
  }
  let root: ReadElement | undefined;
  const children: ReadElement[] = [];
  for await (const found of readElements(octets(), 'PIDF')) {
    if (found.kind === 'root') ({ root } = found);
    else children.push(found.element);
  }
  return { root: root!, children };
}

describe('a presence entry as PIDF', () => {
  it('[3863 §4.1] has the elements of the schema in their order, and nothing else', async () => {
    const { root, children } = await read(pidfText(entry, NOW));
    expect(root).toMatchObject({
      name: 'presence',
      attributes: { xmlns: 'urn:ietf:params:xml:ns:pidf', entity: 'pres:fred&co@example.com' },
    });
    expect(children.map(({ name }) => name)).toEqual(['tuple', 'tuple', 'tuple', 'note']);
    expect(children.at(-1)?.text).toBe(entry.publisherInfo);
    const [first, second, third] = children;
    const shown = (tuple: ReadElement | undefined): string[] =>
      tuple!.children.map(({ name, text, children: [basic] }) =>
        `${name} ${basic?.name ?? text} ${basic?.text ?? ''}`.trim(),
      );
    expect(shown(first)).toEqual([
      'status basic open',
      'contact mailto:fred@flintstone.com',
      'note http://example.com/info',
      'timestamp 2025-12-31T12:00:00.000Z',
    ]);
    expect(shown(second)).toEqual([
      'status basic closed',
      'contact apex:fred@example.com',
      'timestamp 2025-12-31T12:00:00.000Z',
    ]);
    expect(shown(third)[0]).toBe('status basic open');
    // 3863 §4.1.2: an xs:ID, unique in the document.
    const ids = [first, second, third].map((tuple) => tuple!.attributes['id']!);
    expect(new Set(ids).size).toBe(3);
    for (const id of ids) expect(id).toMatch(/^[A-Za-z_][\w.-]*$/);
    for (const tuple of [first, second, third]) expect(Object.keys(tuple!.attributes)).toEqual(['id']);
  });

  it('[3863 §4.1.2] gives a tuple the id that it had before, whatever stands around it', async () => {
    const ids = async (tuples: typeof entry.tuples): Promise<unknown[]> =>
      (await read(pidfText({ ...entry, publisherInfo: '', tuples }, NOW))).children.map(
        ({ attributes }) => attributes['id'],
      );
    const [, second] = await ids(entry.tuples);
    expect(await ids([entry.tuples[1]!])).toEqual([second]);
  });
});
