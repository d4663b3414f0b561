import { ReplyError } from '@apex/beep';
import type { Option } from '@apex/protocol';
import type { BeginProcess, Hop, OptionContext, RelayOption } from './option.ts';

/** The options that a relay understands (RFC 3340 §5). */
export class OptionRegistry {
  readonly #internal = new Map<string, RelayOption>();
  readonly #external = new Map<string, RelayOption>();

  /** Of two with one name the later one counts. */
  constructor(options: Iterable<RelayOption>) {
    for (const option of options) {
      if ('internal' in option.name) this.#internal.set(option.name.internal, option);
      else this.#external.set(option.name.external, option);
    }
  }

  /**
   * The first option that must be understood here and is not, as the refusal it causes (C5); undefined
   * when all can be processed or ignored.
   */
  misunderstood(options: readonly Option[], context: OptionContext, hop: Hop): ReplyError | undefined {
    for (const option of options) {
      // 3340 §5 rule 16
      if (!option.mustUnderstand || !applies(option, context, hop)) continue;
      if (this.#find(option, context) !== undefined) continue;
      return new ReplyError(
        504,
        `option ${option.internal ?? option.external ?? ''} is not implemented here`,
      );
    }
    return undefined;
  }

  /**
   * Reads those options that apply and are understood, by their place in `options`.
   * @throws MessageError (501) for content that is not valid
   */
  read(options: readonly Option[], context: OptionContext, hop: Hop): readonly OptionReading[] {
    const readings: OptionReading[] = [];
    for (const [index, option] of options.entries()) {
      if (!applies(option, context, hop)) continue;
      const begin = this.#find(option, context)?.read?.(option);
      if (begin !== undefined) readings.push({ context, index, targetHop: option.targetHop, begin });
    }
    return readings;
  }

  /** Whether the option with this registered name is known where it stands. */
  understands(internal: string, context: OptionContext): boolean {
    return this.#internal.get(internal)?.contexts.includes(context) === true;
  }

  #find(option: Option, context: OptionContext): RelayOption | undefined {
    const found =
      option.internal === undefined
        ? this.#external.get(option.external ?? '')
        : this.#internal.get(option.internal);
    return found?.contexts.includes(context) === true ? found : undefined;
  }
}

/** An option that was read: where it stands, and how it begins. */
export interface OptionReading {
  readonly context: OptionContext;
  readonly index: number;
  readonly targetHop: Option['targetHop'];
  readonly begin: BeginProcess;
}

/** Whether an option applies to this relay. In an attach the target is ignored: the relay is the only one. */
export function applies({ targetHop }: Pick<Option, 'targetHop'>, context: OptionContext, hop: Hop): boolean {
  // 3340 §5 rule 10
  if (context === 'attach' || context === 'bind') return true;
  // 3340 §5 rule 6, 3340 §5.1 rule 2
  return targetHop !== 'final' || hop === 'final';
}
