import type { Input } from './input.ts';
import type { Outbox } from './outbox.ts';
import type { SubjectState } from './state.ts';
import type { Hold } from './transactions.ts';

/** What waits for a subject that is not in memory, or for its turn. */
export type Waiting =
  | { readonly kind: 'input'; readonly input: Input; readonly hold: Hold | undefined }
  /** Looks at the state without a decision; undefined when it cannot be read. */
  | { readonly kind: 'look'; readonly look: (state: SubjectState | undefined) => void };

/** The place of one subject with its owner. */
export class SubjectSlot {
  readonly endpoint: string;
  readonly outbox: Outbox;
  readonly waiting: Waiting[] = [];
  /** Undefined while the records are not in memory. */
  state: SubjectState | undefined;
  isLoading = false;
  /** Decisions that are not durable yet. */
  pending = 0;
  /** Used since it was last considered for eviction. */
  isReferenced = true;

  constructor(endpoint: string, outbox: (slot: SubjectSlot) => Outbox) {
    this.endpoint = endpoint;
    this.outbox = outbox(this);
  }

  /** The state when an input may be decided at once. */
  get ready(): SubjectState | undefined {
    return this.waiting.length === 0 ? this.state : undefined;
  }

  /** Something depends on what is in memory. */
  get isBusy(): boolean {
    return this.isLoading || this.pending > 0 || this.waiting.length > 0 || !this.outbox.isIdle;
  }
}
