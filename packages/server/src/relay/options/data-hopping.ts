import { ReplyError } from '@apex/beep';
import {
  dataHoppingOf,
  dataHoppingOption,
  formatDataHopping,
  newTransID,
  type Option,
  secureRandom,
} from '@apex/protocol';
import type { RelayOption } from './option.ts';

/** C15: relays on the way when the originator names no bound, so that a loop always ends. */
const MOST_HOPS = 16;
const random = secureRandom();

/** RFC 3342 §4, §5.4: bounds the number of relays on the way. */
export const dataHopping: RelayOption = {
  name: { internal: 'dataHopping' },
  contexts: ['data'],
  read(option) {
    const hopping = dataHoppingOf([option]);
    const { transID } = option;
    if (hopping === undefined || transID === undefined) return () => undefined;
    return (passage) => {
      let isExceeded = false;
      return {
        settled(outcome) {
          if (isExceeded && hopping.reportErrors && outcome !== undefined) {
            passage.report(transID, outcome.replyCode, outcome.text);
          }
        },
        goesOn(going) {
          if (passage.hop === 'final') return going;
          // 3342 §4 rule 1, C15
          const noMoreThan = hopping.noMoreThan === 0 ? MOST_HOPS : hopping.noMoreThan - 1;
          isExceeded = noMoreThan <= 0;
          if (isExceeded) throw new ReplyError(550, 'too many relays on the way');
          return { ...going, content: formatDataHopping({ ...hopping, noMoreThan }) };
        },
      };
    };
  },
};

/** C15: what a relay adds to data for another domain that has no dataHopping. */
export function addedHopping(): Option {
  const hopping = { kind: 'dataHopping', noMoreThan: MOST_HOPS, reportErrors: false } as const;
  return dataHoppingOption(hopping, newTransID(random));
}
