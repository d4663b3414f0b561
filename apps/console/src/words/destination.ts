import { parseApexUrl } from '@apex/protocol';

/** Where somebody can be reached, as a person says it. */
export interface DestinationWords {
  /** `Mail`, `Message`, `Call`; the scheme for what is not known here. */
  readonly way: string;
  readonly address: string;
  /** What a browser can open. Others publish these addresses: nothing but what is known to be harmless. */
  readonly href: string | undefined;
  /** The endpoint to which a message can be sent from here. */
  readonly endpoint: string | undefined;
}

const WAYS: Readonly<Record<string, string>> = {
  mailto: 'Mail',
  tel: 'Call',
  sip: 'Call',
  sips: 'Call',
  xmpp: 'Chat',
  http: 'Page',
  https: 'Page',
};

export function destinationWords(uri: string): DestinationWords {
  const [, scheme = '', rest = ''] = /^([^:]*):(.*)$/s.exec(uri) ?? [];
  const name = scheme.toLowerCase();
  if (name === 'apex') {
    const endpoint = endpointOf(uri);
    return { way: 'Message', address: endpoint ?? rest, href: undefined, endpoint };
  }
  const way = WAYS[name];
  if (way === undefined) return { way: scheme, address: rest, href: undefined, endpoint: undefined };
  const address = way === 'Page' ? uri : decoded(rest.replace(/\?.*$/s, ''));
  return { way, address, href: uri, endpoint: undefined };
}

function endpointOf(uri: string): string | undefined {
  try {
    return parseApexUrl(uri);
  } catch {
    // Others write it, and may write anything.
    return undefined;
  }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
