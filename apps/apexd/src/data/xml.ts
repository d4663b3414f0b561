import { fragment } from 'xmlbuilder2';

/** An element to be written. */
export interface NewElement {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly content: string | readonly NewElement[];
}

type Builder = ReturnType<typeof fragment>;

/** Stands for a carriage return until the text is written; XML cannot carry it, so that no text has it. */
const CARRIAGE_RETURN = '\uffff';

/**
 * One element with all that it holds, in lines of their own that begin `depth` steps from the left. What is built is as
 * large as this element, however long the document is.
 */
export function elementText(element: NewElement, depth = 0): string {
  const builder = fragment();
  append(builder, element);
  const text = builder.end({ prettyPrint: true, offset: depth });
  return `${text.replaceAll(CARRIAGE_RETURN, '&#xD;')}\n`;
}

function append(parent: Builder, { name, attributes, content }: NewElement): void {
  const element = parent.ele(name);
  for (const [key, value] of Object.entries(attributes)) element.att(key, escaped(value));
  if (typeof content === 'string') element.txt(escaped(content));
  else for (const child of content) append(element, child);
}

/**
 * The builder leaves what looks like one of the five entities as it is, so that `&` is escaped first. It writes a
 * carriage return as it is, which whoever reads the document takes for a line feed.
 */
function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('\r', CARRIAGE_RETURN);
}
