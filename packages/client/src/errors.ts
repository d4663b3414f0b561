import { ReplyError, UsageError } from '@apex/beep';
import { replyCodeMeaning } from '@apex/protocol';

/**
 * What went wrong for the application. `code` is stable:
 *
 * - `client.refused`: the relay or a service said no; `replyCode` has the RFC's code.
 * - `client.lost`: the session ended; whether what was in progress was carried out is not known.
 * - `client.disconnected`: there was no session in the time that the call waits for one; it was not sent.
 * - `client.replaced`: another application attached as this endpoint (556); do not attach again by yourself.
 * - `client.closed`: this client was closed.
 * - `client.timeout`: no answer came in time; whether the operation was carried out is not known.
 * - `client.usage`: the call cannot work as it stands.
 * - `client.overflow`: notifications came faster than they were read, or too many calls wait for a session.
 */
export class ApexError extends Error {
  readonly code: ApexErrorCode;
  /** Of a refusal, RFC 3340 §10; undefined otherwise. */
  readonly replyCode: number | undefined;

  constructor(
    code: ApexErrorCode,
    message: string,
    options: ErrorOptions & { readonly replyCode?: number } = {},
  ) {
    super(message, options);
    this.name = 'ApexError';
    this.code = code;
    this.replyCode = options.replyCode;
  }
}

/** The causes of an {@link ApexError}. */
export type ApexErrorCode =
  | 'client.refused'
  | 'client.lost'
  | 'client.disconnected'
  | 'client.replaced'
  | 'client.closed'
  | 'client.timeout'
  | 'client.usage'
  | 'client.overflow';

/** A refusal in the words of an application: what was asked for, the code, what it means, what to do. */
export function refused(what: string, replyCode: number, text: string): ApexError {
  const meaning = text === '' ? (replyCodeMeaning(replyCode) ?? 'refused') : text;
  const advice = ADVICE.get(replyCode);
  const message = `${what}: ${replyCode} ${meaning}${advice === undefined ? '' : `; ${advice}`}`;
  return new ApexError('client.refused', message, { replyCode });
}

/** What a person can do about a code, where that is not in its text. */
const ADVICE: ReadonlyMap<number, string> = new Map([
  [451, 'try again later'],
  [530, 'authenticate first'],
  [535, 'check the endpoint and its credentials'],
  [537, 'its owner has to allow this endpoint'],
  [538, 'use a protected connection'],
  [553, 'ask the server of that domain'],
]);

/** The same about what the layers below find, by its code. */
const ADVICE_BELOW: ReadonlyMap<string, string> = new Map([
  ['sasl.mechanism', 'use credentials that it takes; who has a certificate needs one that it trusts'],
  ['tls.expired', 'its operator has to renew it; or the clock of this machine is wrong'],
  ['tls.name', 'dial one of its names, or have its operator add the domain'],
  ['tls.issuer', 'if it is the right server, trust its root (ca) or its fingerprint'],
  ['tls.credentials', 'check the two files'],
]);

/** Turns what the layers below throw into what applications see. */
export function applicationError(what: string, error: unknown): ApexError {
  if (error instanceof ApexError) return error;
  if (error instanceof ReplyError) return refused(what, error.replyCode, error.text);
  const { message: found, code = '' } = error as Error & { readonly code?: string };
  const advice = ADVICE_BELOW.get(code);
  const message = advice === undefined ? found : `${found}; ${advice}`;
  if (error instanceof UsageError && !IS_ENDING.has(error.code)) {
    return new ApexError('client.usage', `${what}: ${message}`, { cause: error });
  }
  return new ApexError('client.lost', `${what}: ${message}`, { cause: error });
}

/** Not the application's mistake: the peer has begun to end the session. */
const IS_ENDING: ReadonlySet<string> = new Set(['channel.closed', 'session.releasing']);

/** The same error, with what it was about in front. */
export function withContext(what: string, error: unknown): Error {
  if (!(error instanceof ApexError)) return error as Error;
  const { code, replyCode, message } = error;
  const options = replyCode === undefined ? { cause: error } : { cause: error, replyCode };
  return new ApexError(code, `${what}: ${message}`, options);
}

export function isLost(error: unknown): boolean {
  return error instanceof ApexError && error.code === 'client.lost';
}

/** RFC 3340 §10: 4yz says that the same may succeed later. */
export function isTransient(replyCode: number | undefined): boolean {
  return replyCode !== undefined && replyCode >= 400 && replyCode < 500;
}

/** That a session ended, with what ended it. */
export function lost(error: Error, replyCode?: number): ApexError {
  return new ApexError('client.lost', `the session ended: ${error.message}`, {
    cause: error,
    ...(replyCode === undefined ? {} : { replyCode }),
  });
}
