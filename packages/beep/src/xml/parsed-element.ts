import { isXmlCharacter } from './characters.ts';
import type { XmlAttribute, XmlElement } from './element.ts';

/**
 * An element of a document that is known to be well formed. The reader fills it in while it goes;
 * character data is put together when it is asked for, since most of it is white space that
 * nobody reads.
 */
export class ParsedElement implements XmlElement {
  readonly name: string;
  readonly attributes: readonly XmlAttribute[];
  readonly children: ParsedElement[] = [];
  readonly source: string;
  readonly start: number;
  readonly innerStart: number;
  innerEnd: number;
  end: number;
  blank = true;
  #text: string | undefined;

  /** An element that ends with its start tag, until the reader says otherwise. */
  constructor(
    source: string,
    name: string,
    attributes: readonly XmlAttribute[],
    start: number,
    innerStart: number,
  ) {
    this.source = source;
    this.name = name;
    this.attributes = attributes;
    this.start = start;
    this.innerStart = innerStart;
    this.innerEnd = innerStart;
    this.end = innerStart;
  }

  get text(): string {
    if (this.#text === undefined) {
      let text = '';
      let from = this.innerStart;
      for (const child of this.children) {
        text += characterData(this.source.slice(from, child.start));
        from = child.end;
      }
      this.#text = text + characterData(this.source.slice(from, this.innerEnd));
    }
    return this.#text;
  }
}

/** The character data of content without elements: markup left out, CDATA sections unwrapped. */
function characterData(content: string): string {
  let text = '';
  let from = 0;
  for (;;) {
    const markup = content.indexOf('<', from);
    if (markup < 0) return text + resolveReferences(normalizeLineEnds(content.slice(from)));
    text += resolveReferences(normalizeLineEnds(content.slice(from, markup)));
    if (content.startsWith('<![CDATA[', markup)) {
      const end = content.indexOf(']]>', markup);
      text += normalizeLineEnds(content.slice(markup + 9, end));
      from = end + 3;
    } else if (content.startsWith('<!--', markup)) {
      from = content.indexOf('-->', markup + 4) + 3;
    } else {
      from = content.indexOf('?>', markup) + 2;
    }
  }
}

/** XML 1.0 §2.11. */
function normalizeLineEnds(raw: string): string {
  return raw.includes('\r') ? raw.replaceAll('\r\n', '\n').replaceAll('\r', '\n') : raw;
}

/** XML 1.0 §3.3.3 for CDATA attributes: the value between the quotes, its references being well formed. */
export function normalizeAttributeValue(raw: string): string {
  return resolveReferences(
    raw.replaceAll('\r\n', ' ').replaceAll('\r', ' ').replaceAll('\n', ' ').replaceAll('\t', ' '),
  );
}

function resolveReferences(raw: string): string {
  let reference = raw.indexOf('&');
  if (reference < 0) return raw;
  let text = '';
  let from = 0;
  while (reference >= 0) {
    const end = raw.indexOf(';', reference);
    text += raw.slice(from, reference) + resolveReference(raw.slice(reference + 1, end));
    from = end + 1;
    reference = raw.indexOf('&', from);
  }
  return text + raw.slice(from);
}

/**
 * RFC 3080 §6.4: what stands between `&` and `;` is one of the five predefined names or a numeric
 * reference to a character that XML can carry; undefined otherwise.
 */
export function resolveReference(name: string): string | undefined {
  switch (name) {
    case 'lt':
      return '<';
    case 'gt':
      return '>';
    case 'amp':
      return '&';
    case 'apos':
      return "'";
    case 'quot':
      return '"';
    default:
      return name.charCodeAt(0) === 0x23 ? characterByNumber(name) : undefined;
  }
}

function characterByNumber(name: string): string | undefined {
  const radix = name.charCodeAt(1) === 0x78 ? 16 : 10;
  const first = radix === 16 ? 2 : 1;
  // Without digits this is 0, which no document may hold.
  let codePoint = 0;
  for (let at = first; at < name.length; at += 1) {
    const digit = digitValue(name.charCodeAt(at));
    if (digit >= radix) return undefined;
    codePoint = codePoint * radix + digit;
    if (codePoint > 0x10ffff) return undefined;
  }
  return isXmlCharacter(codePoint) ? String.fromCodePoint(codePoint) : undefined;
}

function digitValue(unit: number): number {
  if (unit >= 0x30 && unit <= 0x39) return unit - 0x30;
  const lower = unit | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : 16;
}
