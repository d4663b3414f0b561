import { VirtualClock } from '@apex/vitest/virtual-clock';
import { expect } from 'vitest';
import { EffectMessages } from '../../src/services/effect-messages.ts';
import { FaultyStore } from '../../src/store/faulty-store.ts';
import { MemoryStore } from '../../src/store/memory/memory-store.ts';
import type { Store, StoreWrite } from '../../src/store/ports.ts';
import { decide } from '../../src/subject/decide.ts';
import type { Context, Decision } from '../../src/subject/decision.ts';
import type { Effect } from '../../src/subject/effects.ts';
import type { Input, OperationInput } from '../../src/subject/input.ts';
import type { Operation } from '../../src/subject/operation.ts';
import { SubjectOwner } from '../../src/subject/owner.ts';
import type { SubjectState } from '../../src/subject/state.ts';
import { BARNEY, FRED, messages, WILMA } from './desk.ts';
import { emptyModel, judge, type ModelState } from './model.ts';

export const ORIGINATORS = [FRED, WILMA, 'wilma/im@example.com'];
export const SUBJECTS = [FRED, WILMA, BARNEY];

interface Recorded {
  readonly index: number;
  readonly subject: string;
  readonly decision: Decision;
  readonly after: ModelState;
  fate: 'pending' | 'durable' | 'failed';
  /** Effects performed in whole, and messages of the next one. */
  performed: number;
  messages: number;
}

interface Expected {
  readonly messages: readonly string[];
  readonly recorded: Omit<Recorded, 'decision'> | undefined;
}

/**
 * The owner of subjects under observation: what it decides is held against the naive model, what
 * leaves against what was decided. What is found wrong is thrown by `settles`.
 */
export class Trial {
  readonly clock = new VirtualClock();
  readonly memory = new MemoryStore();
  readonly faulty = new FaultyStore(this.memory);
  readonly owner: SubjectOwner;
  readonly asked: OperationInput[] = [];
  readonly waiting = new Map<Input, string>();
  readonly held = new Map<Input, string>();
  readonly decisions: Recorded[] = [];
  readonly byEffect = new Map<Effect, Recorded>();
  readonly byGeneration = new Map<number, number>();
  readonly lost: OperationInput[] = [];
  readonly refused: string[] = [];
  readonly closed = new Set<Operation>();
  readonly lastSeen = new Map<string, number>();
  readonly attached = new Set(ORIGINATORS);
  /** What attached subscribers know, since they subscribed. */
  readonly views = new Map<string, number>();
  /** How many of the next calls fail. */
  readonly failures = { commit: 0, load: 0 };
  model: ModelState = emptyModel;
  durable: ModelState = emptyModel;
  released = 0;
  #wrong: unknown;

  constructor() {
    const sink = new EffectMessages({ send: () => {}, accessChanged: () => {}, detach: () => {} });
    this.owner = new SubjectOwner({
      store: this.#observed(),
      clock: this.clock,
      performer: {
        perform: (effect, from, to) => {
          this.#guard(() => this.#performs(effect, from, to));
          sink.perform(effect, from, to);
        },
      },
      sliceSize: 2,
      cachedSubjects: 1,
      decide: (state, input, context) => {
        this.#guard(() => this.#decides(state.endpoint, input, context));
        const decision = decide(state, input, context);
        this.#guard(() => this.#decided(decision));
        return decision;
      },
    });
  }

  /** What is wrong is told at the end: the owner's promises are not the place for it. */
  #guard(check: () => void): void {
    try {
      check();
    } catch (error) {
      this.#wrong ??= error;
    }
  }

  /** Hooks run right before the owner learns of the outcome: both wait on the same promise. */
  #observed(): Store {
    const { faulty } = this;
    return new Proxy<Store>(faulty, {
      get: (_target, property) => {
        if (property === 'commit') {
          return (writes: readonly StoreWrite[]) => {
            this.#mayFail('commit');
            const outcome = faulty.commit(writes);
            outcome.then(
              () => this.#guard(() => this.#stored(new Set(writes))),
              () => this.#guard(() => this.#failed()),
            );
            return outcome;
          };
        }
        if (property === 'loadSubject') {
          return (endpoint: string) => {
            this.#mayFail('load');
            const outcome = faulty.loadSubject(endpoint);
            outcome.then(undefined, () => this.#loadFailed(endpoint));
            return outcome;
          };
        }
        const value: unknown = Reflect.get(faulty, property);
        return typeof value === 'function' ? value.bind(faulty) : value;
      },
    });
  }

  #mayFail(kind: 'commit' | 'load'): void {
    if (this.failures[kind] === 0) return;
    this.failures[kind] -= 1;
    this.faulty.failNext(1, kind);
  }

  #stored(writes: ReadonlySet<StoreWrite>): void {
    for (const recorded of this.decisions) {
      const { decision } = recorded;
      if (!decision.writes.some((write) => writes.has(write))) continue;
      expect(decision.writes.every((write) => writes.has(write))).toBe(true);
      recorded.fate = 'durable';
      this.durable = recorded.after;
    }
  }

  #failed(): void {
    for (const recorded of this.decisions) {
      if (recorded.fate !== 'pending' || recorded.decision.writes.length === 0) continue;
      recorded.fate = 'failed';
      const { input } = recorded.decision;
      if ('originator' in input && input.kind !== 'expire') this.lost.push(input);
    }
    this.model = this.durable;
  }

  #loadFailed(endpoint: string): void {
    for (const [input, subject] of this.waiting) {
      if (subject !== endpoint) continue;
      this.waiting.delete(input);
      this.held.delete(input);
      if ('originator' in input && input.kind !== 'expire') this.lost.push(input);
    }
  }

  #expected: Expected = { messages: [], recorded: undefined };

  // Invariant 1
  #decides(subject: string, input: Input, { now, monotonic }: Context): void {
    this.waiting.delete(input);
    this.held.delete(input);
    const index = this.decisions.length;
    const verdict = judge(this.model, input, {
      subject,
      wall: now,
      monotonic,
      index,
      held: new Set(this.held.values()),
      begunBy: (generation) => this.byGeneration.get(generation),
    });
    this.model = verdict.state;
    const recorded = {
      index,
      subject,
      after: verdict.state,
      fate: 'pending',
      performed: 0,
      messages: 0,
    } as const;
    this.#expected = { messages: verdict.messages, recorded };
  }

  #decided(decision: Decision): void {
    const { messages: expected, recorded } = this.#expected;
    if (recorded === undefined) return;
    expect(messages(decision).toSorted()).toEqual(expected.toSorted());
    // Among notifies and terminates of one decision there is no order.
    const ordered = (lines: readonly string[]): readonly string[] =>
      lines.filter((line) => !/notify|terminate/.test(line));
    expect(ordered(messages(decision))).toEqual(ordered(expected));
    const full: Recorded = { ...recorded, decision };
    this.decisions.push(full);
    for (const effect of decision.effects) this.byEffect.set(effect, full);
    for (const { began, operation } of decision.changes) {
      if (began) this.byGeneration.set(operation.generation, full.index);
    }
  }

  #performs(effect: Effect, from: number, to: number): void {
    const recorded = this.byEffect.get(effect);
    if (recorded === undefined) {
      // Invariant 3
      if (effect.kind === 'reply') {
        expect(effect.code).toBe(451);
        this.refused.push(`${effect.recipient} ${effect.transID}`);
      }
      return;
    }
    const { decision, subject } = recorded;
    // Invariant 2
    if (decision.writes.length > 0) expect(recorded.fate).toBe('durable');
    const behind = this.decisions.slice(0, recorded.index);
    for (const earlier of behind) {
      if (earlier.decision.writes.length > 0) expect(earlier.fate).not.toBe('pending');
      if (earlier.subject === subject && earlier.fate === 'durable') {
        expect(earlier.performed).toBe(earlier.decision.effects.length);
      }
    }
    expect(decision.effects[recorded.performed]).toBe(effect);
    expect(recorded.messages).toBe(from);
    recorded.messages = to;
    for (let index = from; index < to; index++) this.#sends(effect, index);
    const count = messages({ effects: [effect] } as unknown as Decision).length;
    if (to >= count) {
      recorded.performed += 1;
      recorded.messages = 0;
      if (recorded.performed === decision.effects.length) this.#left(decision);
    }
    if (effect.kind === 'reply' && decision.input.kind === 'terminate' && effect.code === 250)
      this.#left(decision);
  }

  #left(decision: Decision): void {
    for (const { began, operation } of decision.changes) if (!began) this.closed.add(operation);
  }

  // Invariant 4
  #sends(effect: Effect, index: number): void {
    if (effect.kind === 'publish') {
      const addressee = effect.recipients[index] as Operation;
      if (addressee.gone) return;
      expect(this.closed.has(addressee)).toBe(false);
      const { originator } = addressee;
      const key = `${originator} ${effect.presence.endpoint}`;
      expect(effect.presence.lastUpdate).toBeGreaterThanOrEqual(this.lastSeen.get(key) ?? 0);
      this.lastSeen.set(key, effect.presence.lastUpdate);
      const isFirst = !('generation' in addressee);
      if (this.attached.has(originator) && (isFirst || this.views.has(key))) {
        this.views.set(key, effect.presence.lastUpdate);
      }
    } else if (effect.kind === 'notify') {
      const watch = effect.watches[Math.floor(index / effect.subscriptions.length)] as Operation;
      if (!watch.gone) expect(this.closed.has(watch)).toBe(false);
    }
  }

  ask(subject: string, input: OperationInput): void {
    this.asked.push(input);
    this.waiting.set(input, subject);
    const free = !this.#isTaken(input);
    if (input.kind === 'terminate') this.owner.terminate(input);
    else this.owner.submit(subject, input);
    if (this.waiting.has(input)) {
      if (input.kind === 'terminate') this.waiting.set(input, this.#subjectOf(input) ?? subject);
      else if ((input.kind === 'subscribe' || input.kind === 'watch') && free)
        this.held.set(input, `${input.originator} ${input.transID}`);
    }
  }

  #isTaken({ originator, transID }: OperationInput): boolean {
    const key = `${originator} ${transID}`;
    return [
      ...this.held.values(),
      ...this.model.operations.map((own) => `${own.originator} ${own.transID}`),
    ].includes(key);
  }

  #subjectOf({ originator, transID }: OperationInput): string | undefined {
    const own = this.model.operations.find(
      (operation) => operation.originator === originator && operation.transID === transID,
    );
    if (own !== undefined) return own.subject;
    for (const [input, key] of this.held)
      if (key === `${originator} ${transID}`) return this.waiting.get(input);
    return undefined;
  }

  administer(subject: string, input: Exclude<Input, OperationInput>): void {
    this.owner.administer(subject, input);
  }

  // Invariants 3 and 5
  async settles(): Promise<void> {
    this.failures.commit = 0;
    this.failures.load = 0;
    this.faulty.release();
    await this.owner.idle();
    this.clock.advance(2000);
    await this.owner.idle();
    if (this.#wrong !== undefined) throw this.#wrong;
    const answered = (input: OperationInput): string => `${input.originator} ${input.transID}`;
    const failedReads = this.decisions.filter(
      ({ decision, performed }) =>
        decision.writes.length === 0 &&
        performed === 0 &&
        decision.effects.length > 0 &&
        'service' in decision.input,
    );
    const lost = [...this.lost, ...failedReads.map(({ decision }) => decision.input as OperationInput)];
    expect(this.refused.toSorted()).toEqual(lost.map(answered).toSorted());
    expect(this.waiting.size).toBe(0);
    for (const { fate, decision, performed } of this.decisions) {
      if (fate === 'failed') expect(performed).toBe(0);
      if (decision.writes.length > 0) expect(fate).not.toBe('pending');
      if (fate === 'durable') expect(performed).toBe(decision.effects.length);
    }
    await this.#agrees();
  }

  async #agrees(): Promise<void> {
    const { model } = this;
    expect(model).toEqual(this.durable);
    for (const { due } of model.operations) expect(due).toBeGreaterThan(this.clock.now);
    const count = model.operations.length;
    expect(this.owner.sizes).toMatchObject({ operations: count, deadlines: count, waiting: 0, undurable: 0 });
    const key = (operation: { kind: string; subject: string; originator: string; transID: number }): string =>
      `${operation.kind} ${operation.subject} ${operation.originator} ${operation.transID}`;
    expect((await this.memory.loadOperations()).map(key).toSorted()).toEqual(
      model.operations.map(key).toSorted(),
    );
    for (const subject of SUBJECTS) {
      const records = await this.memory.loadSubject(subject);
      const state = await new Promise<SubjectState | undefined>((resolve) =>
        this.owner.look(subject, resolve),
      );
      const exists = model.provisioned.includes(subject);
      expect(records?.createdAt !== undefined).toBe(exists);
      expect(state?.exists).toBe(exists);
      expect(state?.presence).toEqual(records?.presence);
      const entry = model.entries[subject];
      if (entry !== undefined) {
        expect(records?.presence).toMatchObject({ lastUpdate: entry.lastUpdate, publisherInfo: entry.info });
      }
      const here = model.operations.filter((operation) => operation.subject === subject);
      const inMemory = [...(state?.list('subscribe') ?? []), ...(state?.list('watch') ?? [])];
      expect(inMemory.map(key).toSorted()).toEqual(here.map(key).toSorted());
      const entries = (records?.access ?? []).map(({ owner, actor, actions, lastUpdate }) => [
        `${owner} ${actor}`,
        { actions, lastUpdate },
      ]);
      const expected = Object.entries(model.access).filter(([name]) => name.startsWith(`${subject} `));
      expect(Object.fromEntries(entries)).toEqual(Object.fromEntries(expected));
      expect(new Set(state?.access.all())).toEqual(
        new Set(records?.access.filter(({ actions }) => actions !== undefined)),
      );
      for (const { kind, originator } of here) {
        const view = this.views.get(`${originator} ${subject}`);
        if (kind === 'subscribe' && view !== undefined) expect(view).toBe(entry?.lastUpdate);
      }
    }
  }
}
