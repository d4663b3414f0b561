import { ReplyError } from '../../errors.ts';
import type { ServerStep } from './mechanism.ts';

/**
 * The identity to act as; undefined when the authenticated one may not act so. `requested` is
 * undefined when the client leaves it to the server.
 */
export type Authorize = (
  requested: string | undefined,
  authentication: string,
) => string | undefined | Promise<string | undefined>;

/** The default: everybody acts as themselves only. */
export function actAsThemselves(requested: string | undefined, authentication: string): string | undefined {
  return requested === undefined || requested === authentication ? authentication : undefined;
}

/**
 * The outcome behind a successful authentication: who the peer acts as. `data` is the additional data of
 * the outcome.
 */
export async function authorized(
  authorize: Authorize,
  requested: string | undefined,
  authentication: string,
  data?: Uint8Array,
): Promise<ServerStep> {
  const authorization = await authorize(requested, authentication);
  if (authorization === undefined) {
    return failed('not authorized to act as the requested identity', authentication);
  }
  return { kind: 'complete', identity: { authorization }, ...(data && { data }) };
}

/** B13: one answer for every reason. `authentication` is who the client says it is, once it has said so. */
export function failed(text = 'authentication failed', authentication?: string): ServerStep {
  return {
    kind: 'failed',
    error: new ReplyError(535, text),
    ...(authentication === undefined ? {} : { authentication }),
  };
}
