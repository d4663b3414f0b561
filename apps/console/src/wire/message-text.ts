import { parseMime, type XmlElement } from '@apex/beep';
import { parsePayload } from '@apex/protocol';
import { prettyElement } from './pretty.ts';
import { HIDDEN } from './secrets.ts';

/** A message as people read it. */
export interface MessageText {
  /** What it is about, in a few words of the protocol: `data → apex=presence@example.com: subscribe`. */
  readonly summary: string;
  readonly text: string;
}

/** Longer ones are cut, in characters. */
const MOST_CHARACTERS = 20_000;
const utf8 = new TextDecoder('utf-8', { fatal: true });

/** What a complete payload says; never throws, since anything may be in it. */
export function messageText(payload: Uint8Array): MessageText {
  if (payload.length === 0) return { summary: '', text: '' };
  const { summary, text } = textOf(payload);
  if (text.length <= MOST_CHARACTERS) return { summary, text };
  const rest = text.length - MOST_CHARACTERS;
  return { summary, text: `${text.slice(0, MOST_CHARACTERS)}\n… ${rest} characters more` };
}

function textOf(payload: Uint8Array): MessageText {
  try {
    const { element, related } = parsePayload(payload);
    const fields = parseMime(payload).headers.map(({ name, value }) => `${name}: ${value}\n`);
    const parts = (related?.parts ?? []).map(
      ({ contentType, contentId, body }) =>
        `\n\n(${contentType}${contentId === undefined ? '' : `, <${contentId}>`})\n${readable(body) ?? `${body.length} octets`}`,
    );
    return {
      summary: summaryOf(element),
      text: `${fields.join('')}\n${prettyElement(element)}${parts.join('')}`,
    };
  } catch (error) {
    const text = readable(payload);
    // Nobody can tell what of it is secret.
    if (text === undefined || /blob|sasl/i.test(text)) return { summary: 'not a message', text: HIDDEN };
    return { summary: 'not a message', text: `${text}\n\n${(error as Error).message}` };
  }
}

function readable(octets: Uint8Array): string | undefined {
  try {
    return utf8.decode(octets);
  } catch {
    return undefined;
  }
}

function summaryOf(element: XmlElement): string {
  const { name, children } = element;
  const at = (of: XmlElement | undefined, attribute: string): string | undefined =>
    of?.attributes.find((each) => each.name === attribute)?.value;
  switch (name) {
    case 'data': {
      const named = (child: string): XmlElement | undefined => children.find((each) => each.name === child);
      const from = at(named('originator'), 'identity') ?? '?';
      const to = children.filter((each) => each.name === 'recipient').map((each) => at(each, 'identity'));
      const inner =
        named('data-content')?.children[0]?.name ??
        (at(element, 'content')?.startsWith('cid:') ? 'content in a part' : undefined);
      return `data${inner === undefined ? '' : `: ${inner},`} ${from} → ${to.join(', ')}`;
    }
    case 'greeting':
      return `greeting, ${children.length} ${children.length === 1 ? 'profile' : 'profiles'}`;
    case 'start':
      return `start channel ${at(element, 'number') ?? '?'}: ${shortProfile(at(children[0], 'uri'))}`;
    case 'profile':
      return `profile ${shortProfile(at(element, 'uri'))}`;
    case 'error':
    case 'close':
    case 'terminate':
      return [name, at(element, 'code'), element.text.trim()].filter(Boolean).join(' ');
    default:
      return name;
  }
}

function shortProfile(uri = '?'): string {
  return uri.replace(/^http:\/\/iana\.org\/beep\//, '');
}
