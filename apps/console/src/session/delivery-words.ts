import { replyCodeMeaning } from '@apex/protocol';
import { failureOf } from '../words/failure.ts';
import { durationWords } from '../words/times.ts';
import type { Delivery } from './messages.ts';

export interface DeliveryWords {
  readonly tone: 'waiting' | 'good' | 'bad';
  readonly words: string;
  /** The reply code with its meaning. */
  readonly code: string | undefined;
  /** What the server said beside it. */
  readonly detail: string | undefined;
}

/** What became of a message, for people. Accepted is not delivered (C4). */
export function deliveryWords(delivery: Delivery): DeliveryWords {
  switch (delivery.kind) {
    case 'sending':
      return { tone: 'waiting', words: 'Sending …', code: undefined, detail: undefined };
    case 'accepted':
      return {
        tone: 'waiting',
        words: delivery.isHeld
          ? 'The server has it, and keeps it until it can be delivered.'
          : 'The server has it; whether it was delivered is not reported yet.',
        code: undefined,
        detail: undefined,
      };
    case 'refused': {
      const { sentence, replyCode, meaning, detail } = failureOf(delivery.error, 'send');
      const code = replyCode === undefined ? undefined : `${replyCode} ${meaning ?? ''}`;
      return { tone: 'bad', words: sentence, code, detail };
    }
    case 'reported': {
      const { kind, replyCode, text, afterMs, relay } = delivery.report;
      const code = `${replyCode} ${replyCodeMeaning(replyCode) ?? ''}`.trim();
      const detail = text === '' ? undefined : text;
      switch (kind) {
        case 'delivered':
          return {
            tone: 'good',
            words: `Delivered after ${durationWords(afterMs)}.`,
            code,
            detail: undefined,
          };
        case 'passed':
          return { tone: 'waiting', words: `${relay} has passed it on.`, code, detail };
        case 'delayed':
          return { tone: 'waiting', words: 'It takes longer, and may still be delivered.', code, detail };
        case 'failed':
          return {
            tone: 'bad',
            words:
              replyCode === 537 ? 'Not delivered: its owner does not allow you to send.' : 'Not delivered.',
            code,
            detail,
          };
      }
    }
  }
}
