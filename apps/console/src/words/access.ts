import { type DomainPattern, isService, parseActor } from '@apex/protocol';

/** Access entries (RFC 3341 §3) in the words of people; the reader is their owner. */

const WHAT: Readonly<Record<string, string>> = {
  'core:data': 'send you messages',
  'presence:subscribe': 'see your presence',
  'presence:watch': 'see who sees you',
  'presence:publish': 'publish for you',
  'access:query': 'ask what others may do',
  'access:get': 'read your access entries',
  'access:set': 'change your access entries',
  'all:all': 'do everything',
  'core:all': 'do everything with messages',
  'presence:all': 'do everything with your presence',
  'access:all': 'do everything with your access entries',
};

/** `may see your presence and send you messages`; `may do nothing`. A2: a list with `all:none` grants nothing. */
export function actionsWords(actions: readonly string[]): string {
  if (actions.includes('all:none')) return 'may do nothing';
  if (actions.includes('all:all')) return 'may do everything';
  const parts = actions
    .filter((action) => !action.endsWith(':none'))
    .map((action) => WHAT[action] ?? `do ${action}`);
  return `may ${listWords(parts) || 'do nothing'}`;
}

/** `a, b and c` */
export function listWords(parts: readonly string[]): string {
  return parts.length < 2 ? (parts[0] ?? '') : `${parts.slice(0, -1).join(', ')} and ${parts.at(-1)}`;
}

/** Whom an actor stands for: `wilma@example.com`, `all applications of wilma@example.com`, `everybody of example.com`. */
export function actorWords(text: string): string {
  const { local, domain } = parseActor(text);
  const where = domainWords(domain);
  switch (local.kind) {
    case 'literal':
      if (domain.kind !== 'literal') return `${local.text} of ${where}`;
      return `${isService(local.text) ? 'the service ' : ''}${local.text}@${domain.text}`;
    case 'subaddress': {
      const address = local.prefix.slice(0, -1);
      return domain.kind === 'literal'
        ? `all applications of ${address}@${domain.text}`
        : `all applications of ${address} of ${where}`;
    }
    case 'service':
      return `all services of ${where}`;
    case 'any':
      return domain.kind === 'any' ? 'everybody' : `everybody of ${where}`;
  }
}

function domainWords(domain: DomainPattern): string {
  switch (domain.kind) {
    case 'literal':
      return domain.text;
    case 'subdomains':
      return `${domain.text} and its subdomains`;
    case 'any':
      return 'any domain';
  }
}

/** Somebody as a person is called where her whole name stands nearby: `wilma` of `wilma/phone@example.com`. */
export function shortName(endpoint: string): string {
  return endpoint.replace(/[@/].*$/s, '') || endpoint;
}

/** The application of `wilma/phone@example.com`: `phone`. */
export function applicationOf(endpoint: string): string | undefined {
  return /^[^/@]*\/([^@]*)@/.exec(endpoint)?.[1];
}
