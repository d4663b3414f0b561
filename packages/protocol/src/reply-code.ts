/**
 * Reply codes: RFC 3080 §8, RFC 3340 §10, and those that the services use without having them there
 * (C12). The first digit tells success (2), transient success (3), transient failure (4) and
 * permanent failure (5).
 */
export interface ReplyCodeEntry {
  readonly meaning: string;
  /** The section that defines the code. */
  readonly source: string;
}

const core = (meaning: string): ReplyCodeEntry => ({ meaning, source: 'RFC 3340 §10' });

/** The codes that RFCs give a meaning, by their number. */
export const REPLY_CODES: ReadonlyMap<number, ReplyCodeEntry> = new Map([
  [200, { meaning: 'success', source: 'RFC 3080 §8' }],
  [250, core('transaction successful')],
  [350, { meaning: 'transaction in progress', source: 'RFC 3342 §2.2.1' }],
  [421, core('service not available')],
  [450, core('requested action not taken')],
  [451, core('requested action aborted')],
  [454, core('temporary authentication failure')],
  [500, core('general syntax error')],
  [501, core('syntax error in parameters')],
  [503, { meaning: 'publisher mismatch', source: 'RFC 3343 §4.4' }],
  [504, core('parameter not implemented')],
  [530, core('authentication required')],
  [534, core('authentication mechanism insufficient')],
  [535, core('authentication failure')],
  [537, core('action not authorized for user')],
  [538, core('authentication mechanism requires encryption')],
  [550, core('requested action not taken')],
  [551, { meaning: 'no such access entry', source: 'RFC 3341 §4.3' }],
  [553, core('parameter invalid')],
  [554, core('transaction failed')],
  [555, core('transaction already in progress')],
  [556, { meaning: 'attachment overridden', source: 'RFC 3342 §1' }],
]);

/** Three digits, the first of them 1 to 5 (RFC 3080 §7.1, XYZ). */
export function isReplyCode(code: number): boolean {
  return Number.isInteger(code) && code >= 100 && code <= 599;
}

/** What the code means; undefined for one that is in no table. */
export function replyCodeMeaning(code: number): string | undefined {
  return REPLY_CODES.get(code)?.meaning;
}
