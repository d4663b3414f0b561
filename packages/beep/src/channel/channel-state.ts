/**
 * The life of a channel (RFC 3080 §2.3.1.3) as a table: state and input give the next state. What is
 * not in the table cannot happen, whatever the peer does.
 */
export type ChannelState =
  | 'open'
  /** We asked to close it, or are about to when our exchanges are complete. */
  | 'closing'
  /** The peer asked; our answer is due. */
  | 'answering'
  /** Both asked. */
  | 'crossing'
  | 'closed';

export type ChannelInput =
  /** We ask. */
  | 'ask'
  /** The peer says ok. */
  | 'agreed'
  /** The peer says no. */
  | 'declined'
  /** We ask no longer, before the peer knew. */
  | 'withdraw'
  /** The peer asks. */
  | 'asked'
  /** Our ok has left. */
  | 'agree'
  /** We say no. */
  | 'decline'
  /** The session is over. */
  | 'end';

export const channelTransitions: Readonly<
  Record<ChannelState, Readonly<Partial<Record<ChannelInput, ChannelState>>>>
> = {
  open: { ask: 'closing', asked: 'answering', end: 'closed' },
  closing: { agreed: 'closed', declined: 'open', withdraw: 'open', asked: 'crossing', end: 'closed' },
  // B10: one who wants to close while the peer asks for it gets the result of the peer's close.
  answering: { ask: 'answering', agree: 'closed', decline: 'open', end: 'closed' },
  crossing: {
    agreed: 'closed',
    declined: 'answering',
    agree: 'closed',
    decline: 'closing',
    end: 'closed',
  },
  // Of two closes that cross, the second is answered, or its answer arrives, after the end.
  closed: { ask: 'closed', agreed: 'closed', declined: 'closed', agree: 'closed', end: 'closed' },
};

export function nextChannelState(state: ChannelState, input: ChannelInput): ChannelState | undefined {
  return channelTransitions[state][input];
}
