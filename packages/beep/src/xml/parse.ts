import { MessageError } from '../errors.ts';
import { findIllegalCharacter, isWhiteSpace, skipName, skipWhiteSpace } from './characters.ts';
import type { XmlAttribute, XmlElement } from './element.ts';
import { normalizeAttributeValue, ParsedElement, resolveReference } from './parsed-element.ts';

/**
 * The reader of application/beep+xml (RFC 3080 §6.4): XML 1.0 (fifth edition) without XML
 * declaration, DOCTYPE, and entities other than the five and numeric ones. Everything that XML
 * calls not well formed is refused. It is iterative, every limit is checked before memory is
 * spent, and the time is linear in the input: each search goes forward from where the last one ended.
 *
 * Namespaces are not part of XML 1.0 nor of RFC 3080: a colon is a name character like others, and a
 * prefix need not be declared. Who interprets embedded XML resolves its prefixes.
 */
export interface XmlLimits {
  /** Octets of the document; of a string, its UTF-16 code units. */
  readonly octets: number;
  /** Elements inside one another, the root counted. */
  readonly depth: number;
  /** Elements in all. */
  readonly elements: number;
  /** Attributes of one element. */
  readonly attributes: number;
}

/** The limits of {@link parseXml} that names none. */
export const defaultXmlLimits: XmlLimits = {
  octets: 1_048_576,
  depth: 64,
  elements: 65_536,
  attributes: 64,
};

/**
 * Parses a document and returns its root element. Octets are UTF-8; a byte order mark in front is
 * taken as the signature that it is (XML 1.0 §4.3.3) and is not part of `source`.
 * Throws MessageError `xml.…` (500) when the document is not well formed or passes a limit.
 */
export function parseXml(document: Uint8Array | string, limits?: Partial<XmlLimits>): XmlElement {
  const allLimits = limits === undefined ? defaultXmlLimits : { ...defaultXmlLimits, ...limits };
  if (document.length > allLimits.octets) {
    throw new MessageError('xml.limit.octets', 500, `more than ${allLimits.octets} octets`);
  }
  return new Reader(typeof document === 'string' ? document : decodeUtf8(document), allLimits).document();
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

function decodeUtf8(octets: Uint8Array): string {
  try {
    return utf8.decode(octets);
  } catch {
    throw new MessageError('xml.encoding', 500, 'not UTF-8');
  }
}

const exclamation = 0x21;
const quotation = 0x22;
const ampersand = 0x26;
const apostrophe = 0x27;
const slash = 0x2f;
const lessThan = 0x3c;
const equals = 0x3d;
const greaterThan = 0x3e;
const question = 0x3f;

const noAttributes: readonly XmlAttribute[] = [];
/** From here on names are compared by hash instead of one by one. */
const manyAttributes = 8;

class Reader {
  readonly #source: string;
  readonly #limits: XmlLimits;
  #at = 0;
  #elements = 0;
  /** Whether the last start tag was that of an empty element. */
  #wasEmpty = false;
  /** Offset of the first `&`, and of the first `]]>`, not before the last one that was looked at. */
  #nextReference = -1;
  #nextSectionEnd = -1;

  constructor(source: string, limits: XmlLimits) {
    this.#source = source;
    this.#limits = limits;
  }

  /** [1] document ::= prolog element Misc* */
  document(): XmlElement {
    const illegal = findIllegalCharacter(this.#source);
    if (illegal >= 0) throw malformed('xml.character', 'a character that XML cannot carry', illegal);
    this.#skipMiscellaneous();
    const root = this.#tree();
    this.#skipMiscellaneous();
    if (this.#at < this.#source.length)
      throw malformed('xml.root', 'content behind the root element', this.#at);
    return root;
  }

  /** [27] Misc ::= Comment | PI | S, any number of them. */
  #skipMiscellaneous(): void {
    const source = this.#source;
    for (;;) {
      this.#at = skipWhiteSpace(source, this.#at);
      if (source.startsWith('<!--', this.#at)) this.#comment();
      else if (source.startsWith('<?', this.#at)) this.#instruction();
      else return;
    }
  }

  /** [39] element, with an explicit stack instead of recursion. */
  #tree(): ParsedElement {
    const source = this.#source;
    const ancestors: ParsedElement[] = [];
    let current = this.#startTag();
    if (this.#wasEmpty) return current;
    for (;;) {
      const markup = source.indexOf('<', this.#at);
      if (markup < 0) throw malformed('xml.end', 'an element does not end', source.length);
      if (markup > this.#at) this.#text(current, markup);
      switch (source.charCodeAt(markup + 1)) {
        case slash: {
          this.#endTag(current);
          const parent = ancestors.pop();
          if (parent === undefined) return current;
          current = parent;
          break;
        }
        case exclamation:
          if (source.startsWith('<!--', markup)) this.#comment();
          else this.#section(current);
          break;
        case question:
          this.#instruction();
          break;
        default: {
          if (ancestors.length + 2 > this.#limits.depth) {
            throw malformed('xml.limit.depth', `more than ${this.#limits.depth} levels`, markup);
          }
          const child = this.#startTag();
          current.children.push(child);
          if (this.#wasEmpty) break;
          ancestors.push(current);
          current = child;
        }
      }
    }
  }

  /** [40] STag, [44] EmptyElemTag */
  #startTag(): ParsedElement {
    const source = this.#source;
    const start = this.#at;
    if (source.charCodeAt(start) !== lessThan)
      throw malformed('xml.root', 'the root element is missing', start);
    const nameEnd = skipName(source, start + 1);
    if (nameEnd === start + 1) {
      // 3080 §6.4 rule 2
      if (source.startsWith('<!DOCTYPE', start))
        throw malformed('xml.doctype', 'DOCTYPE is not allowed', start);
      throw malformed('xml.name', 'no name behind <', start);
    }
    this.#elements += 1;
    if (this.#elements > this.#limits.elements) {
      throw malformed('xml.limit.elements', `more than ${this.#limits.elements} elements`, start);
    }
    this.#at = nameEnd;
    const attributes = this.#attributes();
    let end = this.#at;
    this.#wasEmpty = source.charCodeAt(end) === slash;
    if (this.#wasEmpty) {
      end += 1;
      if (source.charCodeAt(end) !== greaterThan) throw malformed('xml.tag', 'no > behind /', end);
    }
    end += 1;
    this.#at = end;
    return new ParsedElement(source, source.slice(start + 1, nameEnd), attributes, start, end);
  }

  /** (S Attribute)* S?, up to `>` or `/`. */
  #attributes(): readonly XmlAttribute[] {
    const source = this.#source;
    let attributes: XmlAttribute[] | undefined;
    let names: Set<string> | undefined;
    for (;;) {
      const nameStart = skipWhiteSpace(source, this.#at);
      const unit = source.charCodeAt(nameStart);
      if (unit === greaterThan || unit === slash) {
        this.#at = nameStart;
        return attributes ?? noAttributes;
      }
      const nameEnd = skipName(source, nameStart);
      if (nameEnd === nameStart) throw this.#tagProblem(nameStart);
      if (nameStart === this.#at)
        throw malformed('xml.attribute', 'no white space before an attribute', nameStart);
      const name = source.slice(nameStart, nameEnd);
      this.#at = nameEnd;
      const value = this.#attributeValue();
      if (attributes === undefined) {
        attributes = [{ name, value }];
        continue;
      }
      // Well-formedness constraint: Unique Att Spec
      if (attributes.length >= this.#limits.attributes) {
        throw malformed('xml.limit.attributes', `more than ${this.#limits.attributes} attributes`, nameStart);
      }
      if (attributes.length === manyAttributes)
        names = new Set(attributes.map((attribute) => attribute.name));
      if (names === undefined ? attributes.some((attribute) => attribute.name === name) : names.has(name)) {
        throw malformed('xml.attribute.duplicate', 'an attribute stands twice', nameStart);
      }
      names?.add(name);
      attributes.push({ name, value });
    }
  }

  /** Eq AttValue: [25], [10] */
  #attributeValue(): string {
    const source = this.#source;
    const length = source.length;
    let at = skipWhiteSpace(source, this.#at);
    if (source.charCodeAt(at) !== equals)
      throw malformed('xml.attribute', 'no = behind an attribute name', at);
    at = skipWhiteSpace(source, at + 1);
    const quote = source.charCodeAt(at);
    if (quote !== apostrophe && quote !== quotation) {
      throw malformed('xml.attribute', 'an attribute value without quotes', at);
    }
    const start = at + 1;
    let plain = true;
    for (at = start; ; at += 1) {
      if (at >= length) throw malformed('xml.end', 'an attribute value does not end', length);
      const unit = source.charCodeAt(at);
      if (unit === quote) break;
      if (unit === lessThan) throw malformed('xml.attribute', '< in an attribute value', at);
      if (unit === ampersand || unit < 0x20) plain = false;
    }
    this.#at = at + 1;
    if (plain) return source.slice(start, at);
    this.#checkReferences(start, at);
    return normalizeAttributeValue(source.slice(start, at));
  }

  /** [42] ETag of `element`, at `<`. */
  #endTag(element: ParsedElement): void {
    const source = this.#source;
    const start = this.#at;
    const { name } = element;
    // Well-formedness constraint: Element Type Match
    let at = start + 2 + name.length;
    if (!source.startsWith(name, start + 2)) throw malformed('xml.tag', 'an end tag of another name', start);
    if (source.charCodeAt(at) !== greaterThan) {
      at = skipWhiteSpace(source, at);
      if (source.charCodeAt(at) !== greaterThan)
        throw malformed('xml.tag', 'an end tag of another name', start);
    }
    this.#at = at + 1;
    element.innerEnd = start;
    element.end = at + 1;
  }

  /** [14] CharData and references up to `end`, where markup begins. */
  #text(element: ParsedElement, end: number): void {
    const source = this.#source;
    const start = skipWhiteSpace(source, this.#at);
    this.#at = end;
    if (start === end) return;
    element.blank = false;
    if (this.#nextSectionEnd < start) this.#nextSectionEnd = find(source, ']]>', start);
    if (this.#nextSectionEnd < end)
      throw malformed('xml.text', ']]> in character data', this.#nextSectionEnd);
    this.#checkReferences(start, end);
  }

  /** 3080 §6.4 rule 1: every reference in [start, end) is one of the five or numeric. */
  #checkReferences(start: number, end: number): void {
    const source = this.#source;
    if (this.#nextReference < start) this.#nextReference = find(source, '&', start);
    while (this.#nextReference < end) {
      const reference = this.#nextReference;
      const semicolon = find(source, ';', reference);
      if (resolveReference(source.slice(reference + 1, semicolon)) === undefined) {
        throw malformed('xml.reference', 'a reference that is not allowed', reference);
      }
      this.#nextReference = find(source, '&', semicolon);
    }
  }

  /** [15] Comment */
  #comment(): void {
    const start = this.#at;
    const end = this.#source.indexOf('--', start + 4);
    if (end < 0) throw malformed('xml.end', 'a comment does not end', this.#source.length);
    if (this.#source.charCodeAt(end + 2) !== greaterThan)
      throw malformed('xml.comment', '-- in a comment', end);
    this.#at = end + 3;
  }

  /** [16] PI */
  #instruction(): void {
    const source = this.#source;
    const start = this.#at + 2;
    const targetEnd = skipName(source, start);
    if (targetEnd === start) throw malformed('xml.instruction', 'no target behind <?', start);
    // 3080 §6.4 rule 2: no XML declaration; [17] PITarget: nor anything else of that name
    if (targetEnd === start + 3 && source.slice(start, targetEnd).toLowerCase() === 'xml') {
      throw malformed('xml.declaration', 'an XML declaration is not allowed', start);
    }
    const end = source.indexOf('?>', targetEnd);
    if (end < 0) throw malformed('xml.end', 'a processing instruction does not end', source.length);
    if (end !== targetEnd && !isWhiteSpace(source.charCodeAt(targetEnd))) {
      throw malformed('xml.instruction', 'no white space behind the target', targetEnd);
    }
    this.#at = end + 2;
  }

  /** [18] CDSect */
  #section(element: ParsedElement): void {
    const source = this.#source;
    const start = this.#at;
    if (!source.startsWith('<![CDATA[', start)) throw malformed('xml.markup', 'unknown markup', start);
    const end = source.indexOf(']]>', start + 9);
    if (end < 0) throw malformed('xml.end', 'a CDATA section does not end', source.length);
    element.blank = false;
    this.#at = end + 3;
  }

  #tagProblem(at: number): MessageError {
    return at >= this.#source.length
      ? malformed('xml.end', 'a tag does not end', at)
      : malformed('xml.attribute', 'neither an attribute nor the end of the tag', at);
  }
}

/** As indexOf, but infinitely far when there is none: such a search is never repeated. */
function find(source: string, searched: string, from: number): number {
  const at = source.indexOf(searched, from);
  return at < 0 ? Number.POSITIVE_INFINITY : at;
}

/** Says where and what, but nothing of the content, which may be secret. */
function malformed(code: string, problem: string, offset: number): MessageError {
  return new MessageError(code, 500, `${problem}, at offset ${offset}`);
}
