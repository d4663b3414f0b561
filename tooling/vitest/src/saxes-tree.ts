import { SaxesParser } from 'saxes';
/** What two readers must agree on. */
export interface Tree {
  readonly name: string;
  readonly attributes: readonly (readonly [string, string])[];
  readonly text: string;
  readonly children: readonly Tree[];
}

/** The tree that saxes reads. Throws when saxes finds the document malformed. */
export function saxesTree(document: string): Tree {
  interface Open {
    name: string;
    attributes: [string, string][];
    text: string;
    children: Open[];
  }
  const parser = new SaxesParser();
  const open: Open[] = [];
  let root: Open | undefined;
  parser.on('error', (error) => {
    throw error;
  });
  parser.on('opentag', ({ name, attributes }) => {
    const element: Open = { name, attributes: Object.entries(attributes), text: '', children: [] };
    open.at(-1)?.children.push(element);
    root ??= element;
    open.push(element);
  });
  const addText = (text: string) => {
    const element = open.at(-1);
    if (element !== undefined) element.text += text;
  };
  parser.on('text', addText);
  parser.on('cdata', addText);
  parser.on('closetag', () => open.pop());
  parser.write(document).close();
  if (root === undefined) throw new Error('no root element');
  return root;
}

/** An element as the reader of beep gives it. */
interface Element {
  readonly name: string;
  readonly attributes: readonly { readonly name: string; readonly value: string }[];
  readonly text: string;
  readonly children: readonly Element[];
}

export function treeOf(element: Element): Tree {
  return {
    name: element.name,
    attributes: element.attributes.map(({ name, value }) => [name, value] as const),
    text: element.text,
    children: element.children.map(treeOf),
  };
}
