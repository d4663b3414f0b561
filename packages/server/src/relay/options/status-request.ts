import { MessageError } from '@apex/beep';
import { contentElement, type DataMessage, statusRequestOf } from '@apex/protocol';
import type { RelayOption } from './option.ts';

/** RFC 3340 §5.1, §8.4: what became of the data is reported, by each relay to which it applies. */
export const statusRequest: RelayOption = {
  name: { internal: 'statusRequest' },
  contexts: ['data', 'recipient'],
  read(option) {
    const request = statusRequestOf([option]);
    return (passage, message) => {
      // 3340 §5.1 rule 1, C11
      if (request === undefined || carriesStatus(message)) return undefined;
      return {
        settled: (outcome) =>
          // 3340 §6.2 rule 4
          passage.report(request.transID, outcome?.replyCode ?? 250, outcome?.text ?? ''),
      };
    };
  },
};

function carriesStatus(message: DataMessage): boolean {
  try {
    return contentElement(message)?.name === 'statusResponse';
  } catch (error) {
    // What is no XML element is none.
    if (error instanceof MessageError) return false;
    throw error;
  }
}
