/**
 * The life of a session (RFC 3080 §2.4) as a table: state and input give the next state. What is not
 * in the table cannot happen, whatever the peer does.
 */
export type SessionState =
  /** Our greeting is on its way, the peer's has not come. */
  | 'greeting'
  /** We are unavailable: our negative reply is on its way, nothing is read. */
  | 'declining'
  | 'open'
  /** We asked to release it. */
  | 'releasing'
  /** The peer asked; our answer is due. */
  | 'answering'
  /** Both asked. */
  | 'crossing'
  | 'ended';

export type SessionInput =
  /** The peer's greeting has come. */
  | 'greeted'
  /** We ask for the release. */
  | 'ask'
  /** The peer says no. */
  | 'declined'
  /** The peer asks for the release. */
  | 'asked'
  /** We say no. */
  | 'decline'
  /** Either peer agreed, or the session cannot go on. */
  | 'end';

export const sessionTransitions: Readonly<
  Record<SessionState, Readonly<Partial<Record<SessionInput, SessionState>>>>
> = {
  // One who leaves before the greetings has nothing to ask for.
  greeting: { greeted: 'open', ask: 'ended', end: 'ended' },
  declining: { ask: 'ended', end: 'ended' },
  open: { ask: 'releasing', asked: 'answering', end: 'ended' },
  releasing: { ask: 'releasing', declined: 'open', asked: 'crossing', end: 'ended' },
  answering: { ask: 'answering', decline: 'open', end: 'ended' },
  crossing: { ask: 'crossing', declined: 'answering', decline: 'releasing', end: 'ended' },
  ended: { ask: 'ended', end: 'ended' },
};

export function nextSessionState(state: SessionState, input: SessionInput): SessionState | undefined {
  return sessionTransitions[state][input];
}
