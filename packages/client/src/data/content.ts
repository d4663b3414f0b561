import { type DataMessage, type Option, resolveContent } from '@apex/protocol';

/** What data carries (RFC 3340 §4.1). */
export type Content =
  /** XML that goes into the data element itself; well formed, any number of elements. */
  | { readonly xml: string }
  /** Text, as a part of its own with the type text/plain. */
  | { readonly text: string }
  /** Octets of any type, as a part of their own. */
  | { readonly contentType: string; readonly body: Uint8Array };

/** Data that has come for this endpoint (RFC 3340 §4.4.4.2). */
export interface Received {
  readonly originator: string;
  /** The endpoint that it was sent to: this one. */
  readonly recipient: string;
  readonly content: ReceivedContent;
  /** Options that came with it; they were meant for relays (RFC 3340 §4.4.4.2 steps 1 and 2.1). */
  readonly options: readonly Option[];
  /** The message as it came. */
  readonly message: DataMessage;
}

/** What data carries. */
export type ReceivedContent =
  | { readonly kind: 'xml'; readonly xml: string }
  /** Octets with their type, in lower case and without parameters, of which `charset` is named when it is there. */
  | {
      readonly kind: 'part';
      readonly contentType: string;
      readonly charset?: string;
      readonly body: Uint8Array;
    }
  /** Somewhere else (RFC 3340 §4.1). */
  | { readonly kind: 'external'; readonly uri: string };

export function receivedOf(message: DataMessage, recipient: string): Received {
  const { originator, options } = message.data;
  return { originator: originator.identity, recipient, content: contentOf(message), options, message };
}

/**
 * The content as text: XML as it is written, and parts of type `text/…` in their charset, UTF-8 by default; undefined
 * for anything else, and for a charset that is not known here.
 */
export function textOf({ content }: Pick<Received, 'content'>): string | undefined {
  switch (content.kind) {
    case 'xml':
      return content.xml;
    case 'part':
      return content.contentType.startsWith('text/')
        ? decode(content.body, content.charset ?? 'utf-8')
        : undefined;
    case 'external':
      return undefined;
  }
}

function contentOf(message: DataMessage): ReceivedContent {
  const content = resolveContent(message);
  if (content.kind !== 'part') return content;
  const { contentType, parameters, body } = content.part;
  const charset = parameters.get('charset');
  return { kind: 'part', contentType, ...(charset === undefined ? {} : { charset }), body };
}

function decode(body: Uint8Array, charset: string): string | undefined {
  try {
    // A byte order mark is part of what was sent.
    return new TextDecoder(charset, { ignoreBOM: true }).decode(body);
  } catch (error) {
    // The encoding is one that nobody here knows.
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}
