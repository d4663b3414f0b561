import { hasHold4Endpoint } from '@apex/protocol';
import type { RelayOption } from './option.ts';

/** RFC 3342 §3, §5.3: data for an endpoint that is not attached waits for it. */
export const hold4Endpoint: RelayOption = {
  name: { internal: 'hold4Endpoint' },
  contexts: ['data'],
  read(option) {
    // C14: its presence means true
    hasHold4Endpoint([option]);
    return (passage) => {
      passage.hold();
      return undefined;
    };
  },
};
