import type { XmlElement } from '@apex/beep';
import { create } from 'xmlbuilder2';

/** An element reduced to what every XML reader must agree on. */
export interface Tree {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  /** Character data and elements, in order; neighbouring character data is one. */
  readonly content: readonly (string | Tree)[];
}

export function treeOf(element: XmlElement): Tree {
  // `text` has no places; the text around the children is found by reading the gaps on their own.
  return {
    name: element.name,
    attributes: Object.fromEntries(element.attributes.map(({ name, value }) => [name, value])),
    content:
      element.children.length === 0
        ? textOnly(element.text)
        : [element.text, ...element.children.map(treeOf)],
  };
}

export function readByOracle(text: string): Tree {
  return treeOfNode(create({ skipWhitespaceOnlyText: false }, text).root().node as unknown as DomNode);
}

export function writeByOracle(tree: Tree): string {
  const document = create();
  append(document as unknown as Builder, tree);
  return document.end({ headless: true, prettyPrint: false });
}

interface DomNode {
  readonly nodeType: number;
  readonly nodeName: string;
  readonly nodeValue: string | null;
  readonly attributes: Iterable<{ readonly name: string; readonly value: string }>;
  readonly childNodes: Iterable<DomNode>;
}

interface Builder {
  ele(name: string, attributes?: Record<string, string>): Builder;
  txt(text: string): Builder;
  att(name: string, value: string): Builder;
}

function treeOfNode(node: DomNode): Tree {
  let text = '';
  const children: Tree[] = [];
  for (const child of node.childNodes) {
    if (child.nodeType === 1) children.push(treeOfNode(child));
    else if (child.nodeType === 3 || child.nodeType === 4) text += child.nodeValue ?? '';
  }
  return {
    name: node.nodeName,
    attributes: Object.fromEntries([...node.attributes].map(({ name, value }) => [name, value])),
    content: children.length === 0 ? textOnly(text) : [text, ...children],
  };
}

function append(builder: Builder, tree: Tree): void {
  const element = builder.ele(tree.name);
  // It leaves text that looks like a reference unescaped, so `&` is escaped first.
  for (const [name, value] of Object.entries(tree.attributes))
    element.att(name, value.replaceAll('&', '&amp;'));
  for (const part of tree.content) {
    if (typeof part === 'string') {
      if (part !== '') element.txt(part.replaceAll('&', '&amp;'));
    } else append(element, part);
  }
}

function textOnly(text: string): readonly string[] {
  return text === '' ? [] : [text];
}
