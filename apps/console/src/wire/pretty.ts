import { escapeXml, parseXml, type XmlElement } from '@apex/beep';
import { HIDDEN, isSecret } from './secrets.ts';

/** An XML document as people read it: an element a line, each level indented by two; secrets are left out. */
export function prettyXml(document: Uint8Array | string): string {
  return prettyElement(parseXml(document));
}

export function prettyElement(element: XmlElement): string {
  return lines(element, '').join('\n');
}

/** What does not fit one line with its attributes has them below each other. */
const LINE = 76;

function lines(element: XmlElement, indent: string): readonly string[] {
  const { name, children } = element;
  const start = startTag(element, indent);
  const text = element.text.trim();
  if (isSecret(element)) {
    return text === '' && children.length === 0 ? [`${start} />`] : [`${start}>${HIDDEN}</${name}>`];
  }
  if (children.length === 0) {
    if (text === '') return [`${start} />`];
    const embedded = text.startsWith('<') ? embeddedLines(text, `${indent}  `) : undefined;
    if (embedded !== undefined) return [`${start}>`, ...embedded, `${indent}</${name}>`];
    return [`${start}>${escapeXml(text)}</${name}>`];
  }
  return [
    `${start}>`,
    ...(text === '' ? [] : [`${indent}  ${escapeXml(text)}`]),
    ...children.flatMap((child) => lines(child, `${indent}  `)),
    `${indent}</${name}>`,
  ];
}

/** An initialization (RFC 3080 §2.3.1.2) is a document inside of text. */
function embeddedLines(text: string, indent: string): readonly string[] | undefined {
  try {
    return [`${indent}<![CDATA[`, ...lines(parseXml(text), indent), `${indent}]]>`];
  } catch {
    // Text that happens to begin like a document.
    return undefined;
  }
}

function startTag({ name, attributes }: XmlElement, indent: string): string {
  const written = attributes.map((attribute) => `${attribute.name}='${escapeXml(attribute.value)}'`);
  const line = [`${indent}<${name}`, ...written].join(' ');
  if (line.length <= LINE || written.length < 2) return line;
  const below = `\n${indent}${' '.repeat(name.length + 2)}`;
  return `${indent}<${name} ${written.join(below)}`;
}
