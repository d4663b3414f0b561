import { useCallback, useRef, useState } from 'react';
import { ApexError } from '../errors.ts';
import type { PublishChange } from '../presence/publishing.ts';
import { useApex } from './provider.ts';

/** What became of the last publish of a component. */
export type PublishState =
  /** Nothing was published yet. */
  | { readonly kind: 'idle' }
  | { readonly kind: 'publishing' }
  /** The service has it on its disk. */
  | { readonly kind: 'published' }
  /** It failed; `error.replyCode` is the code of a refusal. After `client.lost` it may have been carried out. */
  | { readonly kind: 'refused'; readonly error: ApexError };

/** What {@link usePublish} gives. */
export interface Publishing {
  /**
   * As `presence.publish`, for event handlers: does not reject, but resolves with what became of it. Only what a merge
   * function throws is thrown. The same function for as long as client and publisher are the same.
   */
  readonly publish: (change: PublishChange) => Promise<PublishState>;
  readonly state: PublishState;
}

/** Publishes an entry (RFC 3343 §4.4); default: of the endpoint of the client without its subaddress. */
export function usePublish(publisher?: string): Publishing {
  const client = useApex();
  const [state, setState] = useState<PublishState>({ kind: 'idle' });
  const last = useRef(0);
  const publish = useCallback(
    async (change: PublishChange): Promise<PublishState> => {
      last.current += 1;
      const turn = last.current;
      const tell = (next: PublishState): PublishState => {
        if (turn === last.current) setState(next);
        return next;
      };
      tell({ kind: 'publishing' });
      try {
        await client.presence.publish(change, publisher === undefined ? {} : { publisher });
        return tell({ kind: 'published' });
      } catch (error) {
        if (error instanceof ApexError) return tell({ kind: 'refused', error });
        tell({ kind: 'idle' });
        throw error;
      }
    },
    [client, publisher],
  );
  return { publish, state };
}
