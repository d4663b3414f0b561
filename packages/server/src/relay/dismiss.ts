import type { Relay } from './relay.ts';

/** Who was told to go, and has not answered. */
export interface Dismissal {
  /** Attachments and bindings that were terminated. */
  readonly count: number;
  readonly unanswered: number;
}

/**
 * Terminates everything that is attached and bound (RFC 3340 §4.4.3). Each stays attached until its peer has answered
 * or its session has ended: what it said before it read the terminate is taken as before, rather than refused as that
 * of somebody who is not attached.
 */
export function dismiss(relay: Relay, code: number, text: string): Dismissal {
  const dismissal = { count: 0, unanswered: 0 };
  for (const { channels } of relay.sessions) {
    for (const channel of channels) {
      for (const transID of channel.operations.keys()) {
        dismissal.count += 1;
        dismissal.unanswered += 1;
        channel.link.sendTerminate(transID, code, text, () => {
          dismissal.unanswered -= 1;
          relay.endOperation(channel, transID);
        });
      }
    }
  }
  return dismissal;
}
