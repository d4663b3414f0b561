import { MessageError, UsageError } from '../../errors.ts';
import type { SessionFacts } from '../../session/facts.ts';
import { type Authorize, actAsThemselves, authorized, failed } from './authorization.ts';
import { decodeMessage, isIdentity } from './gs2.ts';
import { type ClientMechanism, oneMessage, type ServerMechanism } from './mechanism.ts';

/** How a server knows a peer from outside of SASL (RFC 4422, Appendix A). */
export interface ExternalServerOptions {
  /**
   * Who the peer is by what lies outside of SASL, such as the certificate that it gave in TLS; undefined
   * when that tells nothing.
   */
  readonly identify: (facts: SessionFacts) => string | undefined;
  /** Default: everybody acts as themselves only. */
  readonly authorize?: Authorize;
}

/** EXTERNAL (RFC 4422 appendix A) at the server; offered to peers that can be identified only. */
export function externalServer(options: ExternalServerOptions): ServerMechanism {
  const { identify, authorize = actAsThemselves } = options;
  return {
    name: 'EXTERNAL',
    requireSecured: true,
    isOffered: (facts) => identify(facts) !== undefined,
    start: (facts) =>
      oneMessage((message) => {
        const requested = decodeMessage(message, 'sasl.external', maxIdentityOctets);
        const identity = identify(facts);
        // 3080 §4.1.3 rule 5
        if (identity === undefined) return failed('no external authentication');
        // 3080 §4.1.3 rule 6
        return authorized(authorize, requested === '' ? undefined : requested, identity);
      }),
  };
}

/**
 * EXTERNAL (RFC 4422 appendix A) at the client: the peer knows already who this is. `authorization` is the
 * identity to act as, when it is not the one that follows. Throws UsageError `sasl.external` for one that it
 * cannot carry.
 */
export function externalClient(authorization?: string): ClientMechanism {
  if (authorization !== undefined && !isIdentity(authorization)) {
    throw new UsageError('sasl.external', 'an identity must be text, not empty, without NUL');
  }
  return {
    name: 'EXTERNAL',
    requireSecured: true,
    initial: () => new TextEncoder().encode(authorization ?? ''),
    respond: () => {
      throw new MessageError('sasl.challenge', 501, 'EXTERNAL has no challenges');
    },
    finish: () => undefined,
  };
}

const maxIdentityOctets = 1024;
