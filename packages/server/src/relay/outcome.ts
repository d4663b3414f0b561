import type { ReplyError } from '@apex/beep';

/** How an operation of a peer ends: undefined is `ok`. Called once. */
export type Outcome = (refusal: ReplyError | undefined) => void;
