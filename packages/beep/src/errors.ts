/**
 * The four error families. Each has one consequence, and each error has a stable `code`
 * (docs/errors.md lists them all); nothing recognises an error by its text.
 *
 * - FrameError: the peer broke the framing; the session ends without an answer.
 * - MessageError: a message cannot be understood; it is answered as its profile says.
 * - ReplyError: a refusal, with the reply code and the text that go on the wire.
 * - UsageError: our caller's mistake; thrown at the caller.
 */
export abstract class BeepError extends Error {
  /** Stable, machine-readable name of the cause, such as `frame.seqno`. */
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
  }
}

/** A poorly-formed frame (RFC 3080 §2.2.1, RFC 3081 §3.1.3): the session ends, nothing is sent. */
export class FrameError extends BeepError {
  /** The offending header line, cut to 80 characters, for the diagnostic. */
  readonly header: string;

  constructor(code: string, message: string, header = '') {
    super(code, message);
    this.header = header.slice(0, 80);
  }
}

/** A message that is not well formed (500) or not valid (501). */
export class MessageError extends BeepError {
  readonly replyCode: 500 | 501;

  constructor(code: string, replyCode: 500 | 501, message: string) {
    super(code, carriable(message));
    this.replyCode = replyCode;
  }
}

/** A refusal as it goes on the wire, or as it came from it: a reply code and a diagnostic text. */
export class ReplyError extends BeepError {
  /** Three digits, RFC 3080 §8 and RFC 3340 §10. */
  readonly replyCode: number;
  /** The diagnostic text of the reply, without the code. May be empty. */
  readonly text: string;

  constructor(replyCode: number, text: string, code = `reply.${replyCode}`) {
    const carried = carriable(text);
    super(code, carried === '' ? String(replyCode) : `${replyCode} ${carried}`);
    this.replyCode = replyCode;
    this.text = carried;
  }
}

/** A mistake of the caller of this library. */
export class UsageError extends BeepError {}

/** The session or its transport ended before an answer came. */
export class SessionLostError extends BeepError {
  /** `code` where the cause has a name of its own. */
  constructor(message: string, options?: ErrorOptions & { readonly code?: string }) {
    super(options?.code ?? 'session.lost', message, options);
  }
}

/**
 * The text as XML can carry it, since it goes on the wire: U+FFFD for what it cannot, such as half of a character
 * where a name of the peer's was cut.
 */
function carriable(text: string): string {
  return text.replace(/[^\t\n\r\x20-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '\ufffd');
}
