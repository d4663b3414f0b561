import { ReplyError } from '@apex/beep';
import {
  type DataTiming,
  dataTimingOf,
  dataTimingOption,
  formatDataTiming,
  newTransID,
  type Option,
  secureRandom,
} from '@apex/protocol';
import type { OptionProcess, Passage, RelayOption } from './option.ts';

const random = secureRandom();

/** RFC 3342 §2, §5.2: bounds the time to delivery, and reports on it. */
export const dataTiming: RelayOption = {
  name: { internal: 'dataTiming' },
  contexts: ['data'],
  read(option) {
    const timing = dataTimingOf([option]);
    const { transID } = option;
    if (timing === undefined || transID === undefined) return () => undefined;
    return (passage) => new Timing(passage, timing, transID);
  },
};

class Timing implements OptionProcess {
  readonly #passage: Passage;
  readonly #timing: DataTiming;
  readonly #transID: number;
  #isReported = false;

  constructor(passage: Passage, timing: DataTiming, transID: number) {
    this.#passage = passage;
    this.#timing = timing;
    this.#transID = transID;
    const { noLaterThan, reportAfter } = timing;
    // 3342 §2.1, 3342 §2.1 rule 2
    if (noLaterThan > 0) passage.expireAfter(noLaterThan);
    // 3342 §2.2: noLaterThan is the upper bound of reportAfter
    if (reportAfter > 0 && (noLaterThan === 0 || reportAfter < noLaterThan)) {
      // 3342 §2.2 rule 2
      passage.after(reportAfter, () => this.#reportDelay());
    }
  }

  settled(outcome: ReplyError | undefined): void {
    const { noLaterThan, returnTrip, reportErrors } = this.#timing;
    if (noLaterThan === 0) return;
    if (outcome !== undefined) {
      // 3342 §2.1.2: an error in time, or one that makes it certain
      if (reportErrors) this.#passage.report(this.#transID, permanent(outcome.replyCode), outcome.text);
    } else if (returnTrip > 0 && this.#passage.hop === 'final') {
      // 3342 §2.1 rule 3, 3342 §2.1.1
      const bound = { ...this.#timing, noLaterThan: returnTrip, returnTrip: 0, reportAfter: 0 };
      const option = dataTimingOption({ ...bound, reportErrors: false }, newTransID(random));
      this.#passage.report(this.#transID, 250, '', [option]);
    }
  }

  goesOn(option: Option): Option {
    const spent = Math.floor(this.#passage.elapsedMs);
    const left = { ...this.#timing };
    // 3342 §2.1 rule 1
    if (left.noLaterThan > 0) {
      left.noLaterThan -= spent;
      if (left.noLaterThan <= 0)
        throw new ReplyError(550, `not delivered within ${this.#timing.noLaterThan} ms`);
    }
    // 3342 §2.2 rule 1
    if (left.reportAfter > 0) {
      left.reportAfter = this.#isReported ? 0 : Math.max(0, left.reportAfter - spent);
      if (left.reportAfter === 0) this.#reportDelay();
    }
    return { ...option, content: formatDataTiming(left) };
  }

  /** 3342 §2.2.1, once */
  #reportDelay(): void {
    if (this.#isReported) return;
    this.#isReported = true;
    this.#passage.report(this.#transID, 350, '');
  }
}

/** 3342 §2.1.2: a permanent failure, whatever the failure was. */
function permanent(replyCode: number): number {
  return replyCode >= 500 ? replyCode : 550;
}
