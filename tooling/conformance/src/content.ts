import { element, findElement } from './xml.ts';

/** A data element as an application receives it (RFC 3340 §4.4.4). */
export interface Delivery {
  readonly channel: number;
  readonly msgno: number;
  readonly originator: string;
  readonly recipients: readonly string[];
  /** What the content attribute refers to: the inside of data-content, or the octets of a part behind its headers. */
  readonly content: string;
  /** The control document. */
  readonly control: string;
  /** The whole payload, with entity headers. */
  readonly payload: string;
}

/** Reads a payload whose control document is a data element, inline or in a multipart/related. */
export function readData(payload: string, body: string): Omit<Delivery, 'channel' | 'msgno'> {
  const boundary = /^content-type:[\s\S]*?multipart\/related[\s\S]*?boundary="?([^";\r\n]+)/i.exec(
    payload,
  )?.[1];
  const parts = boundary === undefined ? [] : partsOf(body, boundary);
  // RFC 2387 §3.2: the root is the part that start names, or the first.
  const start = /\bstart="?(<[^>]*>)/i.exec(payload.slice(0, -body.length))?.[1];
  const root = start === undefined ? parts[0] : parts.find(({ headers }) => headers.includes(start));
  const control = root?.content ?? body;
  const [head = ''] = control.split(/<data-content\b/);
  const reference = element(control, 'data').attributes['content'] ?? '';
  return {
    originator: element(head, 'originator').attributes['identity'] ?? '',
    recipients: [...head.matchAll(/<recipient\s[^>]*?identity\s*=\s*("[^"]*"|'[^']*')/g)].map(([, quoted]) =>
      identity(quoted as string),
    ),
    content: resolve(reference, control, parts),
    control,
    payload,
  };
}

function identity(quoted: string): string {
  return element(`<a b=${quoted}/>`).attributes['b'] ?? '';
}

function resolve(reference: string, control: string, parts: readonly Part[]): string {
  if (reference.startsWith('#')) return findElement(control, 'data-content')?.inner ?? '';
  if (!reference.startsWith('cid:')) return '';
  const id = `<${decodeURIComponent(reference.slice(4))}>`;
  return parts.find(({ headers }) => headers.includes(id))?.content ?? '';
}

interface Part {
  readonly headers: string;
  readonly content: string;
}

function partsOf(body: string, boundary: string): Part[] {
  return body
    .split(`--${boundary}`)
    .slice(1, -1)
    .map((part) => {
      const text = part.replace(/^[ \t]*\r\n/, '').replace(/\r\n$/, '');
      const blank = text.startsWith('\r\n') ? -2 : text.indexOf('\r\n\r\n');
      return { headers: text.slice(0, Math.max(blank, 0)), content: text.slice(blank + 4) };
    });
}
