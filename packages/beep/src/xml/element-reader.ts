import { MessageError } from '../errors.ts';
import type { XmlElement } from './element.ts';

/**
 * Reads one element the way its DTD declares it: `parse` takes the attributes and the content that
 * the declaration names; what it leaves untouched is not valid. `xmlns`, `xmlns:*`, `xml:lang` and
 * `xml:space` may always be present. Throws MessageError `element.…` (501).
 *
 * ```ts
 * // <!ELEMENT start   (profile)+>
 * // <!ATTLIST start   number      %CHAN;  #REQUIRED
 * //                   serverName  CDATA   #IMPLIED>
 * const parseStart = (element: XmlElement): Start =>
 *   readElement(element, 'start', (start) => ({
 *     kind: 'start',
 *     number: start.integer('number', { min: 1, max: 2147483647 }),
 *     serverName: start.optional('serverName'),
 *     profiles: start.some('profile', parseProfile),
 *   }));
 *
 * // <!ELEMENT error (#PCDATA)>  <!ATTLIST error code %XYZ; #REQUIRED  xml:lang %LANG; #IMPLIED>
 * const parseError = (element: XmlElement): ErrorElement =>
 *   readElement(element, 'error', (error) => ({
 *     kind: 'error',
 *     code: error.code('code'),
 *     ...error.lang(),
 *     text: error.text(),
 *   }));
 *
 * // <!ELEMENT ok EMPTY>: nothing is taken, so nothing may be there.
 * const parseOk = (element: XmlElement): Ok => readElement(element, 'ok', () => ({ kind: 'ok' }));
 * ```
 *
 * Children are taken in the order of the content model: `one` (a), `maybe` (a?), `many` (a*),
 * `some` (a+); white space and comments between them mean nothing. An element without children
 * may hold white space. `text()` is (#PCDATA), `inner()` is ANY.
 */
export function readElement<T>(element: XmlElement, name: string, parse: (reader: ElementReader) => T): T {
  if (element.name !== name) {
    throw new MessageError('element.name', 501, `expected ${name}, found ${shown(element.name)}`);
  }
  const reader = new ElementReader(element);
  const value = parse(reader);
  reader.finish();
  return value;
}

/** What `readElement` hands to its callback. */
export class ElementReader {
  readonly element: XmlElement;
  readonly #taken: string[] = [];
  #nextChild = 0;
  #contentTaken = false;

  constructor(element: XmlElement) {
    this.element = element;
  }

  /** #IMPLIED: the value, or undefined when absent. */
  optional(name: string): string | undefined {
    this.#taken.push(name);
    for (const attribute of this.element.attributes) {
      if (attribute.name === name) return attribute.value;
    }
    return undefined;
  }

  /** #REQUIRED. */
  required(name: string): string {
    const value = this.optional(name);
    if (value === undefined) {
      throw this.#invalid('element.attribute.missing', `attribute ${name} is missing`);
    }
    return value;
  }

  /** A decimal number in [min, max]: ASCII digits only. Without `default` the attribute is required. */
  integer(
    name: string,
    range: { readonly min: number; readonly max: number; readonly default?: number },
  ): number {
    const text = range.default === undefined ? this.required(name) : this.optional(name);
    if (text === undefined) return range.default!;
    const value = decimal(text);
    if (value === undefined || value < range.min || value > range.max) {
      throw this.invalidValue(name, `a number from ${range.min} to ${range.max}`);
    }
    return value;
  }

  /** %XYZ: a three-digit reply code, [1-5][0-9][0-9]. Without `defaultCode` the attribute is required. */
  code(name: string, defaultCode?: number): number {
    const text = defaultCode === undefined ? this.required(name) : this.optional(name);
    if (text === undefined) return defaultCode!;
    const value = text.length === 3 ? decimal(text) : undefined;
    if (value === undefined || value < 100 || value > 599) throw this.invalidValue(name, 'a reply code');
    return value;
  }

  /** An enumerated attribute. Without `defaultChoice` it is required. */
  choice<const C extends string>(name: string, choices: readonly C[], defaultChoice?: C): C {
    const text = defaultChoice === undefined ? this.required(name) : this.optional(name);
    if (text === undefined) return defaultChoice!;
    const found = choices.find((choice) => choice === text);
    if (found === undefined) throw this.invalidValue(name, `one of ${choices.join(', ')}`);
    return found;
  }

  /** NMTOKENS: the tokens, in order. Absent: none. */
  tokens(name: string): readonly string[] {
    return (this.optional(name) ?? '').split(' ').filter((token) => token !== '');
  }

  /** `xml:lang`, to be spread into a value. */
  lang(): { readonly lang?: string } {
    const lang = this.optional('xml:lang');
    return lang === undefined ? {} : { lang };
  }

  /** (#PCDATA): the character data. */
  text(): string {
    this.#contentTaken = true;
    const child = this.element.children[0];
    if (child !== undefined) throw this.#unexpected(child);
    return this.element.text;
  }

  /** ANY: the content as it was written. */
  inner(): string {
    this.#contentTaken = true;
    return this.element.source.slice(this.element.innerStart, this.element.innerEnd);
  }

  /** The next child, of any name, or undefined behind the last: for content models with alternatives. */
  next(): XmlElement | undefined {
    const child = this.element.children[this.#nextChild];
    if (child !== undefined) this.#nextChild += 1;
    return child;
  }

  /** a: the next child. */
  one<T>(name: string, parse: (child: XmlElement) => T): T {
    const child = this.#take(name);
    if (child === undefined) throw this.#missing(name);
    return parse(child);
  }

  /** a?: the next child if it has this name. */
  maybe<T>(name: string, parse: (child: XmlElement) => T): T | undefined {
    const child = this.#take(name);
    return child === undefined ? undefined : parse(child);
  }

  /** a*: the next children of this name. */
  many<T>(name: string, parse: (child: XmlElement) => T): readonly T[] {
    const values: T[] = [];
    for (let child = this.#take(name); child !== undefined; child = this.#take(name))
      values.push(parse(child));
    return values;
  }

  /** a+: the next children of this name, at least one. */
  some<T>(name: string, parse: (child: XmlElement) => T): readonly T[] {
    const values = this.many(name, parse);
    if (values.length === 0) throw this.#missing(name);
    return values;
  }

  /** For a codec that checks more than the methods above: to be thrown. Never says the value itself. */
  invalidValue(attribute: string, expected: string): MessageError {
    return this.#invalid('element.attribute.value', `attribute ${attribute} is not ${expected}`);
  }

  /** For a codec that finds its character data or children wrong: to be thrown. */
  invalidContent(problem: string): MessageError {
    return this.#invalid('element.content', problem);
  }

  /** Refuses what was not taken. `readElement` calls it. */
  finish(): void {
    for (const { name } of this.element.attributes) {
      if (!this.#taken.includes(name) && !isUniversal(name)) {
        throw this.#invalid('element.attribute.unknown', `attribute ${shown(name)} is not known`);
      }
    }
    if (this.#contentTaken) return;
    const child = this.element.children[this.#nextChild];
    if (child !== undefined) throw this.#unexpected(child);
    if (!this.element.blank) throw this.invalidContent('character data is not allowed');
  }

  #take(name: string): XmlElement | undefined {
    const child = this.element.children[this.#nextChild];
    if (child === undefined || child.name !== name) return undefined;
    this.#nextChild += 1;
    return child;
  }

  #missing(name: string): MessageError {
    return this.#invalid('element.child.missing', `element ${name} is missing`);
  }

  #unexpected(child: XmlElement): MessageError {
    return this.#invalid('element.child.unexpected', `element ${shown(child.name)} is not expected`);
  }

  #invalid(code: string, problem: string): MessageError {
    return new MessageError(code, 501, `${shown(this.element.name)}: ${problem}`);
  }
}

/** ASCII digits, at most ten; undefined otherwise. */
function decimal(text: string): number | undefined {
  if (text.length === 0 || text.length > 10) return undefined;
  let value = 0;
  for (let at = 0; at < text.length; at += 1) {
    const digit = text.charCodeAt(at) - 0x30;
    if (digit < 0 || digit > 9) return undefined;
    value = value * 10 + digit;
  }
  return value;
}

/** Attributes that any element may carry. */
function isUniversal(name: string): boolean {
  return name === 'xmlns' || name.startsWith('xmlns:') || name === 'xml:lang' || name === 'xml:space';
}

/** A name of the peer's choice, cut so that it can stand in a diagnostic. */
function shown(name: string): string {
  return name.length <= 40 ? name : `${name.slice(0, 40)}…`;
}
