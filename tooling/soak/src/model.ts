import { type Attempt, type Outcome, Timeline } from './timeline.ts';
import type { SeenEntry } from './wire.ts';

/**
 * What has to hold, whatever the server does and whenever it is killed. The model knows what this process asked for, in
 * which order, and what it was told; nothing of how the server works. It collects violations instead of throwing, so
 * that a run tells all it has found.
 *
 * - An entry that is read is one that may be there: not older than what was acknowledged or seen before it was asked for.
 * - Entries reach an endpoint in their order, over all of its sessions.
 * - An update that was published behind an acknowledged revocation does not reach the one who lost the right, a
 *   subscribe is not accepted without the right and not refused for the lack of it with the right.
 * - What was refused is never seen.
 */
export class Model {
  readonly figures = {
    published: 0,
    publishUnknown: 0,
    publishRefused: 0,
    accessChanges: 0,
    accessUnknown: 0,
    subscribed: 0,
    subscribeRefused: 0,
    subscribeUnknown: 0,
    terminated: 0,
    revoked: 0,
    deliveries: 0,
    polls: 0,
    notifications: 0,
    drops: 0,
    slowReaders: 0,
    garbage: 0,
    kills: 0,
    workerKills: 0,
    slowestStartMs: 0,
  };
  readonly violations: string[] = [];
  readonly #entries = new Map<string, { readonly line: Timeline<number>; readonly all: Attempt<number>[] }>();
  readonly #access = new Map<string, Timeline<boolean>>();
  readonly #subscriptions = new Map<string, Timeline<boolean>>();
  readonly #last = new Map<string, SeenEntry>();
  readonly #sought = new Set<string>();
  #now = 0;
  #changed: PromiseWithResolvers<void> | undefined;

  /** The number of an event: everything that happens later has a greater one. */
  now(): number {
    this.#now += 1;
    return this.#now;
  }

  violation(text: string): void {
    this.violations.push(text);
  }

  /** Resolves when something has been seen that was not before. */
  get changed(): Promise<void> {
    this.#changed ??= Promise.withResolvers();
    return this.#changed.promise;
  }

  /** `update` is the number of the update that is now sent. */
  beginPublish(publisher: string): { readonly update: number; settle(outcome: Outcome): void } {
    const { line, all } = this.#entry(publisher);
    const update = all.length + 1;
    const attempt = line.begin(update, this.now());
    all.push(attempt);
    return {
      update,
      settle: (outcome) => {
        this.#count(outcome, 'published', 'publishRefused', 'publishUnknown');
        if (!line.settle(attempt, outcome, this.now())) {
          this.violation(`${publisher}: update ${update} was refused, and seen before that`);
        }
      },
    };
  }

  /** The last update of a publisher that was acknowledged or seen. */
  latest(publisher: string): number {
    return this.#entry(publisher).all.findLast(({ outcome }) => outcome === 'done')?.wanted ?? 0;
  }

  /** An entry came to an endpoint. */
  seen(endpoint: string, entry: SeenEntry): void {
    const { publisher, update, lastUpdateMs } = entry;
    const what = `${endpoint}: update ${update} of ${publisher}`;
    this.figures.deliveries += 1;
    const { line, all } = this.#entry(publisher);
    const attempt = all[update - 1];
    if (attempt === undefined && update !== 0) return this.violation(`${what} was never published`);
    if (attempt?.outcome === 'refused') this.violation(`${what} was refused`);
    // What somebody has seen is on the disk (P10).
    else if (attempt !== undefined) line.settle(attempt, 'done', this.now());
    const key = pairOf(publisher, endpoint);
    const last = this.#last.get(key);
    if (last !== undefined) {
      const isOlder =
        update < last.update || (update === last.update) !== (lastUpdateMs === last.lastUpdateMs);
      if (isOlder || lastUpdateMs < last.lastUpdateMs) {
        this.violation(`${what} (${lastUpdateMs}) came behind ${last.update} (${last.lastUpdateMs})`);
      }
    }
    this.#last.set(key, entry);
    const mayHave = this.#access.get(key)?.possible(attempt?.begunAt ?? 0, this.now());
    if (mayHave?.has(true) === false) this.violation(`${what} came without the right to see it`);
    this.#changed?.resolve();
    this.#changed = undefined;
  }

  /** The last update of a publisher that came to an endpoint. */
  lastSeen(publisher: string, endpoint: string): number {
    return this.#last.get(pairOf(publisher, endpoint))?.update ?? 0;
  }

  /** An entry is asked for; the returned function takes what was answered. */
  beginRead(reader: string, publisher: string): (update: number) => void {
    const begunAt = this.now();
    return (update) => {
      const possible = this.#entry(publisher).line.possible(begunAt, this.now());
      if (possible.has(update)) return;
      this.violation(
        `${reader}: read update ${update} of ${publisher}, and only ${list(possible)} may be there`,
      );
    };
  }

  beginAccess(publisher: string, actor: string, isAllowed: boolean): (outcome: Outcome) => void {
    const line = ensured(this.#access, pairOf(publisher, actor), () => new Timeline(true));
    const attempt = line.begin(isAllowed, this.now());
    return (outcome) => {
      line.settle(attempt, outcome, this.now());
      this.#count(outcome, 'accessChanges', undefined, 'accessUnknown');
    };
  }

  /** What the access of an actor may be now; both while it was never changed or is not known. */
  mayBeAllowed(publisher: string, actor: string): ReadonlySet<boolean> {
    return this.#access.get(pairOf(publisher, actor))?.possible(this.#now, this.now()) ?? new Set([true]);
  }

  /** A subscribe is sent; the returned function takes its outcome, with the code of a refusal. */
  beginSubscribe(publisher: string, originator: string): (outcome: Outcome, replyCode?: number) => void {
    const key = pairOf(publisher, originator);
    this.#sought.add(key);
    const line = this.#subscription(publisher, originator);
    const begunAt = this.now();
    const attempt = line.begin(true, begunAt);
    return (outcome, replyCode) => {
      const now = this.now();
      this.#count(outcome, 'subscribed', 'subscribeRefused', 'subscribeUnknown');
      // A refusal ends the operation that was there before (3343 §4.2 step 4).
      if (outcome === 'refused' && replyCode !== undefined)
        line.settle(line.begin(false, begunAt), 'done', now);
      line.settle(attempt, outcome, now);
      const mayHave = this.#access.get(key)?.possible(begunAt, now) ?? new Set([true]);
      const what = `${originator}: subscribe ${publisher}`;
      if (outcome === 'done' && !mayHave.has(true)) this.violation(`${what} succeeded without the right to`);
      if (outcome !== 'refused' || replyCode === undefined) return;
      if (replyCode !== 537) this.violation(`${what} was refused with ${replyCode}`);
      else if (!mayHave.has(false)) this.violation(`${what} was refused, with the right to`);
    };
  }

  /** A terminate is sent, or a poll, which does the same to a subscription (P4). */
  beginTerminate(publisher: string, originator: string): (outcome: Outcome) => void {
    const line = this.#subscription(publisher, originator);
    const attempt = line.begin(false, this.now());
    return (outcome) => {
      line.settle(attempt, outcome, this.now());
    };
  }

  /** The service has ended a subscription for the lack of the right; `sinceWhen` is when it was asked for. */
  revoked(publisher: string, originator: string, sinceWhen: number): void {
    this.figures.revoked += 1;
    const line = this.#subscription(publisher, originator);
    line.settle(line.begin(false, this.now()), 'done', this.now());
    const mayHave = this.#access.get(pairOf(publisher, originator))?.possible(sinceWhen, this.now());
    if (mayHave?.has(false) !== true) {
      this.violation(`${originator}: the subscription to ${publisher} was ended with the right to it`);
    }
  }

  /** Whether there may be a subscription; what was seen last counts, so that nothing may be on its way. */
  mayBeSubscribed(publisher: string, originator: string): ReadonlySet<boolean> {
    if (!this.mayBeAllowed(publisher, originator).has(true)) return new Set([false]);
    return this.#subscription(publisher, originator).possible(this.#now, this.now());
  }

  /** A watcher was told of a subscriber. */
  notified(watcher: string, publisher: string, subscriber: string): void {
    this.figures.notifications += 1;
    if (this.#sought.has(pairOf(publisher, subscriber))) return;
    this.violation(`${watcher}: was told that ${subscriber} subscribes to ${publisher}, which it never did`);
  }

  /** A poll is sent, or something that polls: watchers are told of it. */
  sought(publisher: string, originator: string): void {
    this.#sought.add(pairOf(publisher, originator));
  }

  #entry(publisher: string) {
    return ensured(this.#entries, publisher, () => ({ line: new Timeline(0), all: [] as Attempt<number>[] }));
  }

  #subscription(publisher: string, originator: string): Timeline<boolean> {
    return ensured(this.#subscriptions, pairOf(publisher, originator), () => new Timeline(false));
  }

  #count(
    outcome: Outcome,
    done: keyof Model['figures'],
    refused: keyof Model['figures'] | undefined,
    unknown: keyof Model['figures'],
  ): void {
    const name = outcome === 'done' ? done : outcome === 'refused' ? refused : unknown;
    if (name !== undefined) this.figures[name] += 1;
  }
}

function pairOf(publisher: string, other: string): string {
  return `${publisher} ${other}`;
}

function ensured<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}

function list(values: ReadonlySet<number>): string {
  return [...values].sort((a, b) => a - b).join(', ');
}
