import { MessageError, ReplyError } from '@apex/beep';
import { type DataMessage, domainOf, type Party } from '@apex/protocol';
import type { Hop } from './options/option.ts';
import type { OptionReading, OptionRegistry } from './options/option-registry.ts';
import { DataPassage, type PassageContext } from './passage.ts';

interface Shared {
  readonly refusal: ReplyError | undefined;
  readonly readings: readonly OptionReading[];
}

/**
 * Begins the passage of data to each of its recipients (RFC 3340 §4.4.4.1 steps 2, 4 and 5.1): which
 * options apply, and whether all that must be understood are (C5).
 */
export class Passages {
  readonly #context: PassageContext;
  readonly #options: OptionRegistry;

  constructor(context: PassageContext, options: OptionRegistry) {
    this.#context = context;
    this.#options = options;
  }

  /**
   * One passage for each recipient, in their order.
   * @param arrivedAt monotonic milliseconds
   * @throws MessageError (501) for an option of the data or the originator that is not valid
   */
  begin(message: DataMessage, arrivedAt: number): readonly DataPassage[] {
    const { options, originator, recipients } = message.data;
    const byHop = new Map<Hop, Shared>();
    const sharedAt = (hop: Hop): Shared => {
      const known = byHop.get(hop);
      if (known !== undefined) return known;
      const shared = {
        // 3340 §5 rule 13: what is meant for the final hop is judged for each local recipient
        refusal:
          this.#options.misunderstood(options, 'data', hop) ??
          this.#options.misunderstood(originator.options, 'originator', hop),
        readings: [
          ...this.#options.read(options, 'data', hop),
          ...this.#options.read(originator.options, 'originator', hop),
        ],
      };
      byHop.set(hop, shared);
      return shared;
    };
    // All is read before anything begins.
    const plans = recipients.map((recipient) => {
      const hop = this.hopOf(recipient);
      const shared = sharedAt(hop);
      const own = this.#own(recipient, hop);
      return {
        recipient,
        hop,
        readings: [...shared.readings, ...own.readings],
        refusal: shared.refusal ?? own.refusal,
      };
    });
    return plans.map(
      ({ recipient, ...plan }) => new DataPassage(this.#context, message, recipient, { ...plan, arrivedAt }),
    );
  }

  hopOf(recipient: Party): Hop {
    return this.#context.domains.includes(domainOf(recipient.identity)) ? 'final' : 'intermediate';
  }

  /** 3340 §4.4.4.1 step 5.1 */
  #own({ options }: Party, hop: Hop): Shared {
    if (options.length === 0) return NOTHING;
    try {
      return {
        refusal: this.#options.misunderstood(options, 'recipient', hop),
        readings: this.#options.read(options, 'recipient', hop),
      };
    } catch (error) {
      if (!(error instanceof MessageError)) throw error;
      return { refusal: new ReplyError(error.replyCode, error.message), readings: [] };
    }
  }
}

const NOTHING: Shared = { refusal: undefined, readings: [] };
