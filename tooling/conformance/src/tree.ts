import { characterData, readAttributes } from './xml.ts';

/** An element with all that is inside, to be compared with another one: attributes have no order. */
export interface Tree {
  readonly name: string;
  /** Unescaped. */
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly Tree[];
  /** Character data of this element itself, white space at its ends left out. */
  readonly text: string;
}

interface Growing {
  readonly name: string;
  readonly attributes: Record<string, string>;
  readonly children: Growing[];
  text: string;
}

const tagOrText =
  /<\/([\w:.-]+)\s*>|<([A-Za-z_][\w:.-]*)((?:\s+[\w:.-]+\s*=\s*(?:"[^"]*"|'[^']*'))*)\s*(\/?)>|((?:[^<]|<!\[CDATA\[[\s\S]*?\]\]>)+)/y;

/** Reads a document; throws when its tags do not match. */
export function tree(xml: string): Tree {
  const document: Growing = { name: '', attributes: {}, children: [], text: '' };
  const open = [document];
  const source = xml.trim();
  for (let at = 0; at < source.length; at = tagOrText.lastIndex) {
    tagOrText.lastIndex = at;
    const [, end, start, attributes = '', empty, text] = tagOrText.exec(source) ?? wrong(source, at);
    const inside = open.at(-1) ?? wrong(source, at);
    if (text !== undefined) inside.text = (inside.text + characterData(text)).trim();
    else if (end !== undefined) {
      if (inside.name !== end) wrong(source, at);
      open.pop();
    } else {
      const element: Growing = {
        name: start ?? '',
        attributes: readAttributes(attributes),
        children: [],
        text: '',
      };
      inside.children.push(element);
      if (empty !== '/') open.push(element);
    }
  }
  const [root, ...more] = document.children;
  if (open.length !== 1 || root === undefined || more.length > 0) wrong(source, source.length);
  return root;
}

function wrong(xml: string, at: number): never {
  throw new Error(`not one element, at ${at} of ${xml.slice(0, 300)}`);
}
