import { MessageError, parseXml, UsageError } from '@apex/beep';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  dataHoppingSchema,
  dataTimingSchema,
  formatDataHopping,
  formatDataTiming,
  formatOk,
  parseDataHopping,
  parseDataTiming,
} from '../src/index.ts';
import {
  accesses,
  attaches,
  binds,
  dataHoppings,
  datas,
  dataTimings,
  errors,
  operations,
  presences,
} from './arbitraries.ts';
import { type Codec, codecOf } from './elements.ts';
import { readByOracle, type Tree, treeOf, writeByOracle } from './oracle.ts';

const cases: readonly (readonly [name: string, codec: Codec, values: fc.Arbitrary<unknown>])[] = [
  ['attach', codecOf('attach'), attaches],
  ['bind', codecOf('bind'), binds],
  ['data', codecOf('data'), datas],
  ['error', codecOf('error'), errors],
  ['access', codecOf('access'), accesses],
  ['presence', codecOf('presence'), presences],
  ['operations', codecOf('subscribe'), operations],
  ['dataTiming', { parse: parseDataTiming, format: formatDataTiming, schema: dataTimingSchema }, dataTimings],
  [
    'dataHopping',
    { parse: parseDataHopping, format: formatDataHopping, schema: dataHoppingSchema },
    dataHoppings,
  ],
];

describe.each(cases)('the codec of %s', (_name, { parse, format, schema }, values) => {
  const write = format as (value: unknown) => string;

  // Invariant: a value that the schema accepts is the same after it was written and read.
  it('[3340 §9.1] reads what it wrote', () => {
    fc.assert(
      fc.property(values, (value) => {
        expect(schema.safeParse(value).error).toBeUndefined();
        expect(parse(parseXml(write(value)))).toStrictEqual(value);
      }),
    );
  });

  // Invariant: whatever is read from a damaged element is a value that the schema accepts.
  it('[3340 §9.1] [B7] reads nothing that its schema refuses', () => {
    fc.assert(
      fc.property(values, damages, (value, damage) => {
        const read = attempt(() => parse(parseXml(damage(write(value)))));
        if (read !== undefined) expect(schema.safeParse(read).error).toBeUndefined();
      }),
      { numRuns: 500 },
    );
  });

  // Invariant: a value that its schema refuses is refused by the writer or by the reader, or does not
  // come back as it was.
  it('[3340 §9.1] brings no value through that its schema refuses', () => {
    fc.assert(
      fc.property(values, fc.nat(), foreignValues, (value, place, foreign) => {
        const changed = withLeaf(value, place, foreign);
        if (schema.safeParse(changed).success) return;
        const read = attempt(() => parse(parseXml(write(changed))));
        expect(read).not.toStrictEqual(changed);
      }),
      { numRuns: 500 },
    );
  });

  // Invariant: another XML reader finds in our text the element that our reader finds.
  it('[3080 §6.4] writes what xmlbuilder2 reads as the same element', () => {
    fc.assert(
      fc.property(values, (value) => {
        const text = forOracle(write(value));
        expect(readByOracle(text)).toStrictEqual(treeOf(parseXml(text)));
      }),
      { numRuns: 50 },
    );
  });

  // Invariant: an element that another XML writer made of the same tree means the same value.
  it('[3080 §6.4] reads what xmlbuilder2 writes for the same element', () => {
    fc.assert(
      fc.property(values, (value) => {
        const element = parseXml(forOracle(write(value)));
        const rewritten = parse(parseXml(writeByOracle(treeOf(element))));
        expect(withoutSource(rewritten)).toStrictEqual(withoutSource(parse(element)));
      }),
      { numRuns: 50 },
    );
  });
});

describe('ok', () => {
  it.each(["<ok a='b' />", '<ok>text</ok>', '<ok><ok /></ok>', '<OK />'])(
    '[3340 §9.1] refuses %s',
    (text) => {
      expect(() => codecOf('ok').parse(parseXml(text))).toThrowError(MessageError);
    },
  );

  it('[3340 §9.1] accepts universal attributes', () => {
    expect(codecOf('ok').parse(parseXml("<ok xml:lang='en' xmlns='urn:x' xmlns:a='b'></ok>"))).toStrictEqual({
      kind: 'ok',
    });
    expect(formatOk()).toBe('<ok />');
  });
});

/** What a hostile or careless peer makes of an element; offsets are taken modulo the length. */
const damages: fc.Arbitrary<(text: string) => string> = fc.oneof(
  fc
    .tuple(
      fc.nat(),
      fc.constantFrom('', "'", 'x', '0', '-', ' ', '\u00a0', '&#10;', '@', '/', '*', '<a/>', ':'),
    )
    .map(([offset, insert]) => (text: string) => {
      const at = offset % text.length;
      return text.slice(0, at) + insert + text.slice(at + (insert === '' ? 1 : 0));
    }),
  fc
    .constantFrom('transID', 'identity', 'code', 'Name', 'actor', 'duration', 'targetHop', 'baseline')
    .map((name) => (text: string) => text.replace(new RegExp(` ${name}='[^']*'`), '')),
  fc
    .tuple(
      fc.constantFrom('transID', 'code', 'duration', 'identity', 'content', 'xml:lang'),
      fc.constantFrom('0', '00', '2147483648', '250', '099', 'a@B.c', '#x', 'cid:', '', 'en'),
    )
    .map(
      ([name, value]) =>
        (text: string) =>
          text.replace(new RegExp(` ${name}='[^']*'`), ` ${name}='${value}'`),
    ),
);

const foreignValues: fc.Arbitrary<unknown> = fc.constantFrom<unknown>(
  undefined,
  null,
  true,
  0,
  -1,
  1.5,
  600,
  2 ** 31,
  Number.NaN,
  '',
  ' ',
  'x',
  'a@B.com',
  '2000-02-30T00:00:00Z',
  '\u0000',
  '\ud800',
  '<',
  '</data-content>',
  '#Content',
  [],
  {},
);

/** Only the errors that codecs are documented to throw count as a refusal. */
function attempt(read: () => unknown): unknown {
  try {
    return read();
  } catch (error) {
    if (error instanceof MessageError || error instanceof UsageError) return undefined;
    // A value of a wrong type cannot be written; the compiler keeps callers from it.
    if (error instanceof TypeError) return undefined;
    if ((error as { replyCode?: number }).replyCode === 504) return undefined;
    throw error;
  }
}

/** The value with its nth leaf (counted around) replaced. */
function withLeaf(value: unknown, place: number, leaf: unknown): unknown {
  const paths: string[][] = [];
  const walk = (part: unknown, path: string[]): void => {
    paths.push(path);
    if (typeof part === 'object' && part !== null) {
      for (const key of Object.keys(part)) walk((part as Record<string, unknown>)[key], [...path, key]);
    }
  };
  walk(value, []);
  const copy = structuredClone(value) as Record<string, unknown>;
  const path = paths[1 + (place % (paths.length - 1))] as string[];
  let target = copy;
  for (const key of path.slice(0, -1)) target = target[key] as Record<string, unknown>;
  target[path.at(-1) as string] = leaf;
  return copy;
}

/** xmlbuilder2 does not normalize line ends, writes no CR, and adds namespace declarations of its own. */
function forOracle(text: string): string {
  return text.replace(/\r|&#13;| xmlns[^=]*='[^']*'/g, '');
}

/** Opaque content as a tree: another writer may quote differently. */
function withoutSource(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (key, part: unknown) => {
      if ((key !== 'content' && key !== 'xml') || typeof part !== 'string') return part;
      if (part.startsWith('#') || part.startsWith('cid:') || part.startsWith('http')) return part;
      return treeOf(parseXml(`<c>${part}</c>`)) satisfies Tree;
    }),
  );
}
