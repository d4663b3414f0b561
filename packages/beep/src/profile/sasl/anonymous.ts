import { MessageError, UsageError } from '../../errors.ts';
import { type ClientMechanism, oneMessage, type ServerMechanism } from './mechanism.ts';
import {
  controlCharacters,
  deprecatedDisplay,
  hasOneDirection,
  hasProhibited,
  inappropriateForPlainText,
  nonCharacters,
  privateUse,
  surrogates,
  taggingCharacters,
} from './stringprep.ts';

/**
 * ANONYMOUS (RFC 4505) at the server: a guest, with trace information if given. Off unless configured (B12).
 * `authorization` is who guests act as; default nobody.
 */
export function anonymousServer(authorization = ''): ServerMechanism {
  return {
    name: 'ANONYMOUS',
    requireSecured: false,
    start: () =>
      oneMessage((message) => {
        const trace = decodeTrace(message);
        return {
          kind: 'complete',
          identity: trace === '' ? { authorization } : { authorization, trace },
        };
      }),
  };
}

/**
 * ANONYMOUS (RFC 4505) at the client. `trace` is an email address (with its owner's permission only)
 * or a token without `@`. Throws UsageError `sasl.trace` for one that the RFC does not allow.
 */
export function anonymousClient(trace = ''): ClientMechanism {
  if (!isTrace(trace)) throw new UsageError('sasl.trace', 'trace information that RFC 4505 does not allow');
  return {
    name: 'ANONYMOUS',
    requireSecured: false,
    initial: () => new TextEncoder().encode(trace),
    respond: () => {
      throw new MessageError('sasl.challenge', 501, 'ANONYMOUS has no challenges');
    },
    finish: () => undefined,
  };
}

/** 4505 §2: token = 1*255TCHAR. An address is held to the same length. */
const maxTraceCharacters = 255;

/** 4505 §3: the "trace" profile of stringprep. It maps nothing, so that a text conforms or does not. */
const prohibited = [
  controlCharacters,
  privateUse,
  nonCharacters,
  surrogates,
  inappropriateForPlainText,
  deprecatedDisplay,
  taggingCharacters,
];

/** 4505 §2: message = [ email / token ] */
function isTrace(text: string): boolean {
  if (text.length > 2 * maxTraceCharacters || [...text].length > maxTraceCharacters) return false;
  const at = text.lastIndexOf('@');
  if (at === 0 || (at > 0 && at === text.length - 1)) return false;
  return !hasProhibited(text, prohibited) && hasOneDirection(text);
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function decodeTrace(octets: Uint8Array): string {
  let trace: string;
  try {
    trace = utf8.decode(octets);
  } catch {
    throw new MessageError('sasl.trace', 501, 'trace information that is not UTF-8');
  }
  if (!isTrace(trace))
    throw new MessageError('sasl.trace', 501, 'trace information that RFC 4505 does not allow');
  return trace;
}
