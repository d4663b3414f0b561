/** What became of what was asked for: carried out, certainly not carried out, or not known. */
export type Outcome = 'done' | 'refused' | 'unknown';

/** Something that a peer asked for. Times count the events of this process. */
export interface Attempt<T> {
  readonly wanted: T;
  readonly begunAt: number;
  /** Infinity while there is no answer. */
  readonly settledAt: number;
  readonly outcome: Outcome | undefined;
}

/**
 * The values that one thing of a server may have, as those know it who ask for them one after the other: what was
 * acknowledged is there until something later takes its place, what was refused never was, and what got no answer
 * may be there, until something later is acknowledged. The last holds because each attempt either names what it
 * replaces (lastUpdate), or comes on a session that the next one has ended.
 */
export class Timeline<T> {
  readonly #initial: T;
  readonly #attempts: { -readonly [K in keyof Attempt<T>]: Attempt<T>[K] }[] = [];

  constructor(initial: T) {
    this.#initial = initial;
  }

  begin(wanted: T, now: number): Attempt<T> {
    const attempt = { wanted, begunAt: now, settledAt: Infinity, outcome: undefined };
    this.#attempts.push(attempt);
    return attempt;
  }

  /** False when it contradicts what is known: something that was seen cannot be refused. */
  settle(attempt: Attempt<T>, outcome: Outcome, now: number): boolean {
    const own = this.#attempts.findLast((each) => each === attempt);
    if (own === undefined) throw new Error('an attempt of another timeline');
    if (own.outcome === 'done') return outcome !== 'refused';
    own.outcome = outcome;
    own.settledAt = now;
    return true;
  }

  /** The values that may have been there at some moment between two events. */
  possible(from: number, to: number): ReadonlySet<T> {
    const values = new Set<T>();
    // There may be very many, and the last ones are what counts.
    for (let index = this.#attempts.length - 1; index >= 0; index -= 1) {
      const { wanted, begunAt, settledAt, outcome } = this.#attempts[index]!;
      if (begunAt > to || outcome === 'refused') continue;
      values.add(wanted);
      if (outcome === 'done' && settledAt <= from) return values;
    }
    return values.add(this.#initial);
  }
}
