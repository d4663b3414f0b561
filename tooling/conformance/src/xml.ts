/**
 * As much XML as the tests need, by regular expressions: enough to look into what a server wrote,
 * independent of the codecs under test, and no parser.
 */
export interface Element {
  readonly name: string;
  /** Unescaped. */
  readonly attributes: Readonly<Record<string, string>>;
  /** What stands between the tags, as written; empty for an empty element. */
  readonly inner: string;
}

/** The first element of `xml` with that name, or the first at all. Undefined when there is none. */
export function findElement(xml: string, name = String.raw`[A-Za-z_][\w.:-]*`): Element | undefined {
  const start = new RegExp(String.raw`<(${name})((?:\s+[\w:.-]+\s*=\s*(?:"[^"]*"|'[^']*'))*)\s*(/?)>`).exec(
    xml,
  );
  if (start === null) return undefined;
  const [whole, found = '', attributes = '', empty = ''] = start;
  const behind = start.index + whole.length;
  const end = empty === '/' ? behind : xml.lastIndexOf(`</${found}`);
  return {
    name: found,
    attributes: readAttributes(attributes),
    inner: xml.slice(behind, Math.max(end, behind)),
  };
}

/** As `findElement`; throws when there is none. */
export function element(xml: string, name?: string): Element {
  const found = findElement(xml, name);
  if (found === undefined) throw new Error(`no element ${name ?? ''} in ${xml.slice(0, 300)}`);
  return found;
}

/** All start tags with that name, in order, as elements without content. */
export function startTags(xml: string, name: string): Element[] {
  const tags = xml.matchAll(
    new RegExp(String.raw`<(${name})((?:\s+[\w:.-]+\s*=\s*(?:"[^"]*"|'[^']*'))*)\s*/?>`, 'g'),
  );
  return [...tags].map(([, found = '', attributes = '']) => ({
    name: found,
    attributes: readAttributes(attributes),
    inner: '',
  }));
}

export function readAttributes(text: string): Record<string, string> {
  const attributes: Record<string, string> = {};
  for (const [, name, double, single] of text.matchAll(/([\w:.-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g)) {
    attributes[name as string] = unescapeXml(double ?? single ?? '');
  }
  return attributes;
}

const entities: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', apos: "'", quot: '"' };

export function unescapeXml(text: string): string {
  return text.replace(/&(#x?[\da-fA-F]+|\w+);/g, (_, reference: string) => {
    if (!reference.startsWith('#')) return entities[reference] ?? '';
    const hexadecimal = reference.startsWith('#x');
    return String.fromCodePoint(Number.parseInt(reference.slice(hexadecimal ? 2 : 1), hexadecimal ? 16 : 10));
  });
}

export function escapeXml(text: string): string {
  return text.replace(/[&<>'"]/g, (character) => `&#${character.codePointAt(0)};`);
}

/** Character data without CDATA sections and references. */
export function characterData(xml: string): string {
  return xml
    .split(/(<!\[CDATA\[[\s\S]*?\]\]>)/)
    .map((part) => (part.startsWith('<![CDATA[') ? part.slice(9, -3) : unescapeXml(part)))
    .join('');
}
