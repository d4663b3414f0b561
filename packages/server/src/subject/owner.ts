import { ReplyError } from '@apex/beep';
import { domainOf, isService, isSubaddress, type TimestampSuffix } from '@apex/protocol';
import type { Clock } from '../clock.ts';
import { Scheduler } from '../scheduler.ts';
import type { OperationRecord, Store, SubjectRecords } from '../store/ports.ts';
import type { Span } from '../tracing.ts';
import { Committer } from './committer.ts';
import { newCounters, type OwnerSizes } from './counters.ts';
import { decide } from './decide.ts';
import { type Context, type Decision, reply } from './decision.ts';
import type { EffectPerformer } from './effects.ts';
import type { Input, OperationInput } from './input.ts';
import { defaultPresenceLimits, type PresenceLimits } from './limits.ts';
import type { Operation } from './operation.ts';
import { Outbox } from './outbox.ts';
import { SubjectSlot, type Waiting } from './slot.ts';
import { SubjectSlots } from './slots.ts';
import { begun, NO_ATTRIBUTES, refusalOf, spanOf } from './spans.ts';
import { SubjectState } from './state.ts';
import { type Hold, Transactions } from './transactions.ts';

export interface OwnerOptions {
  readonly store: Store;
  readonly performer: EffectPerformer;
  readonly clock: Clock;
  readonly limits?: Partial<PresenceLimits>;
  /** The endpoint of anonymous peers, which have limits of their own. */
  readonly guest?: string | undefined;
  /** How timestamps end (RFC 3343 §7); default `Z`. */
  readonly suffix?: TimestampSuffix;
  /** Subjects without operations in progress that are kept in memory; default 50,000. */
  readonly cachedSubjects?: number;
  /** Messages of one effect that leave in one turn; default 256. */
  readonly sliceSize?: number;
  /** Inputs that may wait and decisions that may be on their way to the store, together; default 100,000. */
  readonly backlog?: number;
  /** After a failed write an expiry is tried again so much later, in milliseconds; default 1,000. */
  readonly retryMs?: number;
  /** What decides an input; the default is the presence service. */
  readonly decide?: typeof decide;
}

interface PendingDecision {
  readonly slot: SubjectSlot;
  readonly decision: Decision;
  /** Of its way to the disk. */
  readonly commit: Span | undefined;
  released(): void;
}

/**
 * The one owner of all subjects: it takes inputs, lets each subject decide one at a time, and sends
 * what follows once it is durable. An input whose subject is not in memory waits, and with it only
 * the later inputs of that subject. When a batch of writes fails, what was decided in it and behind
 * it is taken back: its operations are answered 451, its transIDs are as before, and its subjects
 * are read from the store again.
 */
export class SubjectOwner {
  readonly counters = newCounters();
  readonly #options: OwnerOptions;
  readonly #limits: PresenceLimits;
  readonly #deciding: typeof decide;
  readonly #transactions = new Transactions();
  readonly #slots: SubjectSlots;
  /** For what is about no subject of ours. */
  readonly #aside: SubjectSlot;
  readonly #committer: Committer<PendingDecision>;
  readonly #scheduler: Scheduler<Operation>;
  #waiting = 0;

  constructor(options: OwnerOptions) {
    const { store, performer, clock, sliceSize = 256, cachedSubjects = 50_000 } = options;
    this.#options = options;
    this.#limits = { ...defaultPresenceLimits, ...options.limits };
    this.#deciding = options.decide ?? decide;
    const outbox = (onIdle: () => void): Outbox => new Outbox(performer, clock, sliceSize, onIdle);
    this.#slots = new SubjectSlots(cachedSubjects, outbox);
    this.#aside = new SubjectSlot('', () => outbox(() => {}));
    this.#committer = new Committer(store, (failed) => this.#takeBack(failed));
    this.#scheduler = new Scheduler(clock, (operation) => this.#expire(operation));
  }

  /** How much there is of everything now. */
  get sizes(): OwnerSizes {
    return {
      operations: this.#transactions.size,
      operationsByKind: this.#transactions.counts,
      deadlines: this.#scheduler.size,
      subjects: this.#slots.size,
      waiting: this.#waiting,
      undurable: this.#committer.backlog,
    };
  }

  /**
   * Loads all in-progress operations; to be called once, before any input. Rejects with StoreError.
   */
  async start(): Promise<void> {
    const { store, clock } = this.#options;
    const operations = await store.loadOperations();
    const now = clock.wall();
    // P8: those whose time passed while the server was down end silently
    const expired = operations.filter(({ deadline }) => deadline <= now);
    if (expired.length > 0) {
      await store.commit(
        expired.map(({ originator, transID }) => ({ kind: 'remove-operation', originator, transID })),
      );
    }
    for (const record of operations) if (record.deadline > now) this.#adopt(record);
  }

  /** Stops the deadlines; resolves when everything decided so far is durable and has left. */
  async stop(): Promise<void> {
    this.#scheduler.stop();
    await this.idle();
  }

  /** Resolves when no input waits, everything decided is durable, and all effects have left. */
  async idle(): Promise<void> {
    while (this.#committer.backlog > 0 || this.#slots.isBusy || !this.#aside.outbox.isIdle) {
      await new Promise<void>((resolve) => this.#options.clock.yield(resolve));
    }
  }

  /** Takes an operation of a service about `subject`. */
  submit(subject: string, asked: OperationInput): void {
    const input = begun(subject, asked);
    const { backlog = 100_000 } = this.#options;
    if (this.#committer.backlog + this.#waiting >= backlog) {
      this.counters.limits.add('backlog');
      return this.#fail(this.#aside, input, 450, 'too much is waiting, try again later');
    }
    // 3343 §4.2 step 1, P6: what cannot be a subject here is answered without a look at the store
    if (domainOf(subject) !== domainOf(input.service) || isSubaddress(subject)) {
      return this.#decideAside(subject, input);
    }
    this.#take(subject, input);
  }

  /** Takes a terminate: its subject is that of the operation which its transID refers to. */
  terminate(input: Extract<OperationInput, { kind: 'terminate' }>): void {
    const subject = this.#transactions.subjectOf(input.originator, input.transID);
    if (subject === undefined || domainOf(subject) !== domainOf(input.service)) {
      this.#decideAside('', begun('', input));
    } else this.submit(subject, input);
  }

  /** Takes an input of administration; its `answer` tells the outcome. */
  administer(subject: string, input: Exclude<Input, OperationInput>): void {
    this.#take(subject, input);
  }

  /** The operations in progress of an endpoint and its subaddresses. */
  operationsOf(endpoint: string): readonly Operation[] {
    return [...this.#transactions.ofEndpoint(endpoint)];
  }

  /** The subjects on which an endpoint or its subaddresses have operations in progress. */
  subjectsOf(endpoint: string): readonly string[] {
    return [...new Set(Array.from(this.#transactions.ofEndpoint(endpoint), ({ subject }) => subject))];
  }

  /**
   * Looks at a subject, at once when it is in memory, else once it is; undefined when it cannot be
   * read. Looks and inputs of one subject have their turn in the order in which they came.
   */
  look(subject: string, look: (state: SubjectState | undefined) => void): void {
    const slot = this.#slots.findOrAdd(subject);
    const state = slot.ready;
    if (state !== undefined) return look(state);
    this.#wait(slot, { kind: 'look', look });
  }

  /** A subject that is in memory and for which nothing waits; `look` waits for all others. */
  inMemory(subject: string): SubjectState | undefined {
    return this.#slots.find(subject)?.ready;
  }

  #take(subject: string, input: Input): void {
    const slot = this.#slots.findOrAdd(subject);
    const state = slot.ready;
    if (state !== undefined) return this.#decide(slot, state, input);
    this.#wait(slot, { kind: 'input', input, hold: this.#hold(subject, input) });
  }

  /** A transID is taken in the order of arrival, also when the subject has to be loaded first. */
  #hold(subject: string, input: Input): Hold | undefined {
    if (input.kind !== 'subscribe' && input.kind !== 'watch') return undefined;
    return this.#transactions.hold(input.originator, input.transID, subject);
  }

  #wait(slot: SubjectSlot, waiting: Waiting): void {
    slot.waiting.push(waiting);
    this.#waiting += 1;
    if (slot.state === undefined && !slot.isLoading) this.#load(slot);
  }

  #load(slot: SubjectSlot): void {
    slot.isLoading = true;
    this.counters.loads += 1;
    this.#options.store.loadSubject(slot.endpoint).then(
      (records) => this.#loaded(slot, records),
      () => this.#loadFailed(slot),
    );
  }

  #loaded(slot: SubjectSlot, records: SubjectRecords | undefined): void {
    slot.isLoading = false;
    const operations = (records?.operations ?? []).map((record) => this.#adopt(record));
    slot.state = new SubjectState(slot.endpoint, records, operations);
    this.#drain(slot);
  }

  /** The operation that the store has kept, as the transIDs know it. */
  #adopt(record: OperationRecord): Operation {
    const known = this.#transactions.find(record.originator, record.transID);
    if (known?.subject === record.subject && known.kind === record.kind) return known;
    const { clock } = this.#options;
    // P14
    const operation = this.#transactions.create(record, clock.monotonic() + record.deadline - clock.wall());
    this.#transactions.reserve(operation);
    this.#scheduler.add(operation);
    return operation;
  }

  #loadFailed(slot: SubjectSlot): void {
    slot.isLoading = false;
    this.counters.failedLoads += 1;
    const waiting = slot.waiting.splice(0);
    this.#waiting -= waiting.length;
    for (const item of waiting) {
      if (item.kind === 'look') item.look(undefined);
      else {
        if (item.hold !== undefined) this.#transactions.drop(item.hold);
        this.#fail(slot, item.input, 451, 'the records of the subject could not be read');
      }
    }
    this.#slots.settle(slot);
  }

  #drain(slot: SubjectSlot): void {
    let taken = 0;
    for (; slot.state !== undefined; taken++) {
      const item = slot.waiting[taken];
      if (item === undefined) break;
      this.#waiting -= 1;
      if (item.kind === 'look') item.look(slot.state);
      else this.#decideWaiting(slot, slot.state, item.input, item.hold);
    }
    // What waits counts as waiting until its turn is over: what comes meanwhile goes behind it.
    slot.waiting.splice(0, taken);
    this.#slots.settle(slot);
  }

  #decideWaiting(slot: SubjectSlot, state: SubjectState, input: Input, hold: Hold | undefined): void {
    if (hold !== undefined) this.#transactions.drop(hold);
    if (input.kind === 'terminate') {
      // It waited for an operation that was refused, while a batch failed and left the transID with
      // the operation that had it before.
      const subject = this.#transactions.subjectOf(input.originator, input.transID);
      if (subject !== undefined && subject !== slot.endpoint) return this.#take(subject, input);
    }
    this.#decide(slot, state, input);
  }

  #decideAside(subject: string, input: OperationInput): void {
    this.#decide(this.#aside, new SubjectState(subject, undefined, []), input);
  }

  #decide(slot: SubjectSlot, state: SubjectState, input: Input): void {
    const { clock, guest, suffix = 'Z' } = this.#options;
    const context: Context = {
      now: clock.wall(),
      monotonic: clock.monotonic(),
      transactions: this.#transactions,
      limits: this.#limits,
      guest,
      suffix,
    };
    const span = spanOf(input);
    const deciding = span?.begin('apex.decide', NO_ATTRIBUTES);
    const decision = this.#deciding(state, input, context);
    deciding?.end();
    this.counters.decided += 1;
    this.#count(decision);
    for (const { began, operation } of decision.changes) {
      if (began) this.#scheduler.add(operation);
      else this.#scheduler.remove(operation);
    }
    slot.pending += 1;
    const writes = decision.writes.length;
    const commit = writes === 0 ? undefined : span?.begin('apex.commit', { 'apex.writes': writes });
    this.#committer.add({ slot, decision, commit, released: () => this.#release(slot, decision, commit) });
  }

  #release(slot: SubjectSlot, decision: Decision, commit: Span | undefined): void {
    commit?.end();
    slot.pending -= 1;
    decision.markGone();
    const { effects, subscribers = 0 } = decision;
    const span = spanOf(decision.input);
    if (subscribers === 0 && span === undefined) return slot.outbox.send(effects);
    const { clock } = this.#options;
    const startedAt = clock.monotonic();
    const fanOut =
      subscribers === 0 ? undefined : span?.begin('apex.fan-out', { 'apex.subscribers': subscribers });
    slot.outbox.send(effects);
    // Behind the last one.
    const settle = (): void => {
      if (subscribers > 0) this.counters.fanOutSeconds.add((clock.monotonic() - startedAt) / 1000);
      fanOut?.end();
      span?.end(refusalOf(decision));
    };
    slot.outbox.send([{ kind: 'settle', settle }]);
  }

  #expire({ subject, originator, transID, generation }: Operation): void {
    this.counters.expired += 1;
    this.#take(subject, { kind: 'expire', originator, transID, generation });
  }

  /** Nothing of a failed batch or behind it leaves, and nothing of it stays in memory. */
  #takeBack(failed: readonly PendingDecision[]): void {
    this.counters.failedBatches += 1;
    for (const { decision } of failed.toReversed()) this.#undo(decision);
    const slots = new Set<SubjectSlot>();
    for (const { slot } of failed) {
      slot.pending -= 1;
      if (slot === this.#aside) continue;
      slot.state = undefined;
      slots.add(slot);
    }
    for (const slot of slots) if (!slot.isLoading) this.#load(slot);
    for (const { slot, decision, commit } of failed) {
      commit?.end({ replyCode: 451, text: 'the change could not be stored' });
      this.#fail(slot, decision.input, 451, 'the change could not be stored');
    }
  }

  #undo(decision: Decision): void {
    decision.undo(this.#transactions);
    for (const { operation } of decision.changes) {
      const { originator, transID } = operation;
      if (this.#transactions.find(originator, transID) === operation) this.#schedule(operation);
      else this.#scheduler.remove(operation);
    }
  }

  /** Sets the deadline of an operation again, not before the store had a moment to recover. */
  #schedule(operation: Operation): void {
    const { clock, retryMs = 1000 } = this.#options;
    operation.due = Math.max(operation.due, clock.monotonic() + retryMs);
    this.#scheduler.add(operation);
  }

  /** Tells the one who waits that nothing was done. */
  #fail(slot: SubjectSlot, input: Input, code: number, text: string): void {
    spanOf(input)?.end({ replyCode: code, text });
    if (input.kind === 'expire') {
      const operation = this.#transactions.find(input.originator, input.transID);
      if (operation?.generation === input.generation) this.#schedule(operation);
    } else if ('answer' in input) {
      const { answer } = input;
      slot.outbox.send([{ kind: 'settle', settle: () => answer(new ReplyError(code, text)) }]);
    } else if (!isService(input.originator)) {
      // C17: no error goes to a service
      slot.outbox.send([reply(input, code, text)]);
    }
  }

  #count({ subscribers, isUnchanged, limit }: Decision): void {
    if (limit !== undefined) this.counters.limits.add(limit);
    if (subscribers === undefined) return;
    this.counters.published += 1;
    this.counters.fanOutSubscribers.add(subscribers);
    if (isUnchanged) this.counters.unchanged += 1;
  }
}
