import { parent } from '@apex/protocol';
import fc from 'fast-check';
import { expect, it, vi } from 'vitest';
import { PresenceMessages } from '../../src/services/presence/presence-messages.ts';
import { FaultyStore } from '../../src/store/faulty-store.ts';
import { MemoryStore } from '../../src/store/memory/memory-store.ts';
import type { Store, StoreWrite } from '../../src/store/ports.ts';
import type { Context, Decision } from '../../src/subject/decision.ts';
import type { Effect } from '../../src/subject/effects.ts';
import type { Input, OperationInput } from '../../src/subject/input.ts';
import type { Operation } from '../../src/subject/operation.ts';
import { SubjectOwner } from '../../src/subject/owner.ts';
import type { SubjectState } from '../../src/subject/state.ts';
import { BARNEY, FRED, messages, SERVICE, WILMA } from './desk.ts';
import { turns, VirtualClock } from './house.ts';
import { emptyModel, judge, type ModelState } from './model.ts';

/*
 * Invariants, for any interleaving of operations, expiries, revocations, removals, attachments and
 * of a store that is slow and fails:
 *
 *  1. Each decision is what the naive model says, in the order in which decisions are made; those of
 *     a failed batch, and those behind it, have never happened.
 *  2. Nothing leaves before it and all decided before it is durable, and what leaves of one subject
 *     leaves whole, once, and in the order of the decisions.
 *  3. Each operation is answered once: by its decision, or by 451 when its batch or a load failed.
 *  4. Nothing is sent to an operation once its end has left; each subscriber sees lastUpdate grow.
 *  5. When all is quiet, memory, store and model agree, no time that passed is overlooked, and who
 *     subscribed since it attached has the current entry.
 */

const recorder = vi.hoisted(() => ({
  before: (_state: unknown, _input: unknown, _context: unknown): void => {},
  after: (_decision: unknown): void => {},
}));

vi.mock('../../src/subject/decide.ts', async (original) => {
  const { decide } = await original<typeof import('../../src/subject/decide.ts')>();
  return {
    decide: (state: SubjectState, input: Input, context: Context) => {
      recorder.before(state, input, context);
      const decision = decide(state, input, context);
      recorder.after(decision);
      return decision;
    },
  };
});

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

const ORIGINATORS = [FRED, WILMA, 'wilma/im@example.com'];
const SUBJECTS = [FRED, WILMA, BARNEY];
const ALLOWED = ['presence:subscribe', 'presence:watch', 'presence:publish'];
const SETTLED_MS = 200_000;

class Trial {
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
    const sink = new PresenceMessages({ send: () => {}, detach: () => {} });
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
    });
    recorder.before = (state, input, context) =>
      this.#guard(() => this.#decides((state as SubjectState).endpoint, input as Input, context as Context));
    recorder.after = (decision) => this.#guard(() => this.#decided(decision as Decision));
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
    const recorded = { index, subject, after: verdict.state, fate: 'pending', performed: 0, messages: 0 } as const;
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
    if (effect.kind === 'reply' && decision.input.kind === 'terminate' && effect.code === 250) this.#left(decision);
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
      else if (input.kind !== 'publish' && free) this.held.set(input, `${input.originator} ${input.transID}`);
    }
  }

  #isTaken({ originator, transID }: OperationInput): boolean {
    const key = `${originator} ${transID}`;
    return [...this.held.values(), ...this.model.operations.map((own) => `${own.originator} ${own.transID}`)].includes(key);
  }

  #subjectOf({ originator, transID }: OperationInput): string | undefined {
    const own = this.model.operations.find(
      (operation) => operation.originator === originator && operation.transID === transID,
    );
    if (own !== undefined) return own.subject;
    for (const [input, key] of this.held) if (key === `${originator} ${transID}`) return this.waiting.get(input);
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
        decision.writes.length === 0 && performed === 0 && decision.effects.length > 0 && 'service' in decision.input,
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
    expect(this.owner.sizes.operations).toBe(model.operations.length);
    const key = (operation: { kind: string; subject: string; originator: string; transID: number }): string =>
      `${operation.kind} ${operation.subject} ${operation.originator} ${operation.transID}`;
    expect((await this.memory.loadOperations()).map(key).toSorted()).toEqual(model.operations.map(key).toSorted());
    for (const subject of SUBJECTS) {
      const records = await this.memory.loadSubject(subject);
      const state = await new Promise<SubjectState | undefined>((resolve) => this.owner.look(subject, resolve));
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
      const entries = (state?.access.all() ?? []).map(({ owner, actor, actions }) => [`${owner} ${actor}`, actions]);
      const expected = Object.entries(model.access).filter(([name]) => name.startsWith(`${subject} `));
      expect(Object.fromEntries(entries)).toEqual(Object.fromEntries(expected));
      for (const { kind, originator } of here) {
        const view = this.views.get(`${originator} ${subject}`);
        if (kind === 'subscribe' && view !== undefined) expect(view).toBe(entry?.lastUpdate);
      }
    }
  }
}

const originator = fc.constantFrom(...ORIGINATORS);
const subject = fc.constantFrom(...SUBJECTS);
const transID = fc.integer({ min: 1, max: 3 });
const duration = fc.constantFrom(0, 5, 20, 1000);

const command = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('subscribe' as const), originator, subject, transID, duration }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('watch' as const), originator, subject, transID, duration }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('publish' as const), originator, subject, transID, stale: fc.boolean() }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('terminate' as const), originator, transID }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('advance' as const), ms: fc.constantFrom(1, 5000, 20_000) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('access' as const),
      originator,
      subject,
      actions: fc.constantFrom(undefined, ['presence:watch'], ['presence:subscribe'], ALLOWED, ['all:none']),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('remove' as const), subject }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('provision' as const), subject }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('remove-originator' as const), originator, subject }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('attach' as const), originator }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('detach' as const), originator }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('hold' as const) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('release' as const), count: fc.constantFrom(1, 2, 1000) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('fail' as const), kind: fc.constantFrom('commit' as const, 'commit' as const, 'load' as const) }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('turn' as const), count: fc.integer({ min: 1, max: 6 }) }) },
);

type Command = typeof command extends fc.Arbitrary<infer T> ? T : never;

const everything = [WILMA, FRED, 'wilma/im@example.com'].map((actor) => ({ actor, actions: ALLOWED }));
const answer = (): void => {};

async function perform(trial: Trial, step: Command): Promise<void> {
  switch (step.do) {
    case 'subscribe':
    case 'watch':
      return trial.ask(step.subject, {
        kind: step.do,
        service: SERVICE,
        originator: step.originator,
        transID: step.transID,
        durationSeconds: step.duration,
      });
    case 'publish': {
      const lastUpdate = (trial.model.entries[step.subject]?.lastUpdate ?? 0) - (step.stale ? 1 : 0);
      const info = `http://x.example/${trial.asked.length}`;
      const entry = { publisher: step.subject, lastUpdate, publisherInfo: info, tuplesXml: '<tuple />', tupleCount: 1, capabilityOctets: 0 };
      const { originator, transID } = step;
      return trial.ask(step.subject, { kind: 'publish', service: SERVICE, originator, transID, entry });
    }
    case 'terminate':
      return trial.ask('', { kind: 'terminate', service: SERVICE, originator: step.originator, transID: step.transID });
    case 'advance':
      return trial.clock.advance(step.ms);
    case 'access': {
      const access = { owner: step.subject, actor: step.originator, actions: step.actions };
      return trial.administer(step.subject, { kind: 'set-access', access, answer });
    }
    case 'remove':
      return trial.administer(step.subject, { kind: 'remove', answer });
    case 'provision': {
      const access = everything.filter(({ actor }) => actor !== step.subject);
      return trial.administer(step.subject, { kind: 'provision', provision: { access }, answer });
    }
    case 'remove-originator':
      return trial.administer(step.subject, { kind: 'remove-originator', endpoint: parent(step.originator), answer });
    case 'attach':
      trial.attached.add(step.originator);
      return;
    case 'detach':
      trial.attached.delete(step.originator);
      for (const key of trial.views.keys()) if (key.startsWith(`${step.originator} `)) trial.views.delete(key);
      return;
    case 'hold':
      return trial.faulty.hold();
    case 'release':
      return trial.faulty.release(step.count);
    case 'fail':
      trial.failures[step.kind] += 1;
      return;
    case 'turn':
      return turns(step.count);
  }
}

it('[P10] [P4] [P5] [A5] holds its invariants in every interleaving', { timeout: 120_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(command, { maxLength: 100, size: 'max' }), async (steps) => {
      const trial = new Trial();
      await trial.owner.start();
      for (const endpoint of SUBJECTS) await perform(trial, { do: 'provision', subject: endpoint });
      await trial.owner.idle();
      for (const step of steps) await perform(trial, step);
      await trial.settles();
      await trial.owner.stop();
    }),
    { numRuns: 400 },
  );
});
