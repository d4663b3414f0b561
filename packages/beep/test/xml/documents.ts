import fc from 'fast-check';

/** Generators of well-formed beep+xml, and of everything that looks like it. */

const name = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.constantFrom(
      'a',
      'b',
      'data',
      'xml:lang',
      'x-1.2',
      '_',
      ':',
      'élan',
      '名',
      '𐀀a',
      'a·',
      'b\u0300',
    ),
  },
  fc.stringMatching(/^[A-Za-z_:][A-Za-z0-9._:-]{0,8}$/),
);
/** XML Char, without the surrogate halves. */
const character = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...'ab 1\t\n\r<>&\'"]-?=/;#é名😀\u0085\u2028') },
  fc.integer({ min: 0x20, max: 0xd7ff }).map((code) => String.fromCodePoint(code)),
  fc.integer({ min: 0x10000, max: 0x10ffff }).map((code) => String.fromCodePoint(code)),
);
export const xmlText = fc.array(character, { maxLength: 12 }).map((characters) => characters.join(''));

const reference = fc.constantFrom(
  '&lt;',
  '&amp;',
  '&gt;',
  '&apos;',
  '&quot;',
  '&#65;',
  '&#x1F600;',
  '&#13;',
  '&#xA;',
  '&#9;',
);
const raw = xmlText.map((text) => text.replace(/[<&]/g, '').replaceAll(']]>', ''));
/** `]` and `>` of neighbouring pieces must not meet. */
const charData = raw.map((text) => text.replace(/[\]>]/g, ''));
const comment = xmlText.map((text) => `<!--${text.replace(/-/g, '')}-->`);
const instruction = xmlText
  .map((text) => `<?target ${text.replaceAll('?>', '')}?>`)
  .filter((pi) => !pi.endsWith('??>'));
const section = xmlText.map((text) => `<![CDATA[${text.replaceAll(']]>', '')}]]>`);
const blank = fc.stringMatching(/^[ \t\r\n]{1,3}$/);
const optionalBlank = fc.stringMatching(/^[ \t\r\n]{0,2}$/);

const value = fc.array(fc.oneof(raw, reference), { maxLength: 3 }).map((pieces) => pieces.join(''));
const attributeSource = fc
  .tuple(blank, name, optionalBlank, optionalBlank, value, fc.constantFrom("'", '"'))
  .map(([before, attribute, left, right, text, quote]) => ({
    attribute,
    source: `${before}${attribute}${left}=${right}${quote}${text.replaceAll(quote, '')}${quote}`,
  }));
const attributes = fc
  .uniqueArray(attributeSource, { selector: ({ attribute }) => attribute, maxLength: 12 })
  .map((sources) => sources.map(({ source }) => source).join(''));

const { element } = fc.letrec<{ element: string; content: string }>((tie) => ({
  element: fc
    .tuple(name, attributes, optionalBlank, optionalBlank, fc.option(tie('content'), { depthSize: 'small' }))
    .map(([tag, atts, left, right, content]) =>
      content === null ? `<${tag}${atts}${left}/>` : `<${tag}${atts}${left}>${content}</${tag}${right}>`,
    ),
  content: fc
    .array(
      fc.oneof({ depthSize: 'small' }, charData, reference, comment, instruction, section, tie('element')),
      {
        maxLength: 5,
      },
    )
    .map((pieces) => pieces.join('')),
}));
const miscellaneous = fc
  .array(fc.oneof(blank, comment, instruction), { maxLength: 2 })
  .map((pieces) => pieces.join(''));

/** A well-formed document of the subset. */
export const wellFormed = fc.tuple(miscellaneous, element, miscellaneous).map((parts) => parts.join(''));

/** A well-formed document with a few code units removed, doubled, replaced or inserted. */
export const mutated = fc
  .tuple(
    wellFormed,
    fc.array(
      fc.tuple(
        fc.nat(),
        fc.nat({ max: 3 }),
        fc.constantFrom(
          '<',
          '>',
          '&',
          ';',
          '/',
          '=',
          "'",
          '"',
          ' ',
          '!',
          '?',
          '--',
          ']]>',
          ':',
          'a',
          '\r',
          '#',
          '\0',
          '\ud800',
          '\ufffe',
          '<!--',
          '<![CDATA[',
          '<?xml ?>',
          '<!DOCTYPE a>',
        ),
      ),
      { minLength: 1, maxLength: 3 },
    ),
  )
  .map(([document, changes]) => {
    let changed = document;
    for (const [position, removed, inserted] of changes) {
      const at = position % (changed.length + 1);
      changed = changed.slice(0, at) + (position % 3 === 0 ? '' : inserted) + changed.slice(at + removed);
    }
    return changed;
  });
