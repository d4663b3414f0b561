import type { ReplyError } from '@apex/beep';
import type { DataMessage, Option } from '@apex/protocol';

/** Where an option stands; each option is registered for the elements in which it may appear (RFC 3340 §7.1). */
export type OptionContext = 'attach' | 'bind' | 'data' | 'originator' | 'recipient';

/** What a relay is to a recipient: `final` when it hands the data to the recipient itself (RFC 3340 §5). */
export type Hop = 'final' | 'intermediate';

/**
 * An option that a relay understands. Those of RFC 3340 and RFC 3342 stand in files beside this one;
 * a server takes others by its configuration.
 */
export interface RelayOption {
  /** The registered name, or the absolute URI of an option that is not registered. */
  readonly name: { readonly internal: string } | { readonly external: string };
  readonly contexts: readonly OptionContext[];
  /**
   * Reads the option once for all recipients, before the data is accepted; absent when it is enough
   * that the option is known, as in an attach.
   * @throws MessageError (501) for content that is not valid
   */
  read?(option: Option): BeginProcess;
}

/** Called for each recipient to which the option applies here. Undefined: nothing more to do. */
export type BeginProcess = (passage: Passage, message: DataMessage) => OptionProcess | undefined;

/** What one option does with data on its way to one recipient. */
export interface OptionProcess {
  /** The passage is over: undefined when the recipient, or the next relay, answered `ok`. Called once. */
  settled?(outcome: ReplyError | undefined): void;
  /**
   * The option as it goes on to the next relay, or to a recipient for which the data was held.
   * @throws ReplyError when the data must not go on
   */
  goesOn?(option: Option): Option;
}

/**
 * Data on its way to one recipient (RFC 3340 §4.4.4.1 step 5), as options see it: from its acceptance
 * until it is delivered or dropped, which may be after a restart when it is held.
 */
export interface Passage {
  readonly originator: string;
  readonly recipient: string;
  readonly hop: Hop;
  /** Since this relay received the data, in milliseconds. */
  readonly elapsedMs: number;
  /** Calls back so many milliseconds after the data was received, unless the passage is over by then. */
  after(ms: number, callback: () => void): void;
  /** RFC 3342 §3: the data waits for a recipient that is not attached. */
  hold(): void;
  /** Ends the passage `ms` after the data was received: what is not delivered by then is dropped. */
  expireAfter(ms: number): void;
  /**
   * Sends a statusResponse about this recipient to the originator (RFC 3340 §6.2).
   * @param transID that of the option which asks for it
   * @param options of the report itself
   */
  report(transID: number, code: number, text: string, options?: readonly Option[]): void;
}
