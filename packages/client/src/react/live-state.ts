import type { ApexError } from '../errors.ts';
import type { OperationEnd } from '../operation-end.ts';

/** A subscription or watch as a component sees it. `Held` is what it has told so far. */
export type LiveState<Held> =
  /** The service has not answered yet. */
  | { readonly kind: 'loading' }
  | ({ readonly kind: 'present' } & Held)
  /**
   * It has not begun. `error.replyCode` is the code of a refusal, such as 537 for one who is not allowed. What failed
   * because there was no session or no answer in time is asked for again when the client is back.
   */
  | { readonly kind: 'refused'; readonly error: ApexError; readonly retry: () => void }
  /** It is over, with what it told last. `end` tells how: most often the publisher allows it no longer. */
  | ({ readonly kind: 'ended'; readonly end: OperationEnd; readonly retry: () => void } & Held);
