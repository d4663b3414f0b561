import { ReplyError, SessionLostError } from '@apex/beep';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FaultyStore } from '../../../src/store/faulty-store.ts';
import { MemoryStore } from '../../../src/store/memory/memory-store.ts';
import { Stage } from '../stage.ts';

const fred = 'fred@example.com';
const barney = 'barney@example.com';

type Step =
  | { readonly kind: 'hold' }
  | { readonly kind: 'attach' }
  | { readonly kind: 'lose' }
  | { readonly kind: 'answer'; readonly as: 'ok' | 450 | 550 }
  | { readonly kind: 'wait'; readonly ms: number }
  | { readonly kind: 'fail'; readonly what: 'commit' | 'load' }
  | { readonly kind: 'crash' };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('hold' as const) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('attach' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('lose' as const) }) },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('answer' as const),
      as: fc.constantFrom('ok' as const, 'ok' as const, 'ok' as const, 450 as const, 550 as const),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.constantFrom(1, 1000) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('fail' as const),
      what: fc.constantFrom('commit' as const, 'load' as const),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('crash' as const) }) },
);

/** A server that holds data for barney, and what became of each message, counted from 1. */
class Trial {
  readonly #memory = new MemoryStore();
  store = new FaultyStore(this.#memory);
  stage = new Stage({}, { store: this.store });
  fredAt = this.stage.attached(fred);
  barneyAt: ReturnType<Stage['channel']> | undefined;
  #answered = 0;
  #last = 0;
  readonly accepted = new Set<number>();
  /** Answered by barney for good. */
  readonly done = new Set<number>();

  async run(steps: readonly Step[]): Promise<void> {
    for (const each of steps) {
      await this.#take(each);
      await this.settle();
    }
  }

  /** Lets everything that is under way come to its end. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < 10; turn++) await new Promise<void>((resolve) => setImmediate(resolve));
    await this.stage.until(() => this.store.waiting === 0);
  }

  async #take(each: Step): Promise<void> {
    switch (each.kind) {
      case 'hold':
        return this.#hold();
      case 'attach':
        if (this.barneyAt === undefined) this.attach();
        return;
      case 'lose':
        return this.#lose();
      case 'answer':
        return this.answer(each.as);
      case 'wait':
        return this.stage.clock.advance(each.ms);
      case 'fail':
        return this.store.failNext(1, each.what);
      case 'crash':
        return this.restart();
    }
  }

  async #hold(): Promise<void> {
    this.#last += 1;
    const number = this.#last;
    const answers = this.stage.send(
      this.fredAt,
      fred,
      [barney],
      "<option internal='hold4Endpoint' />",
      `<n>${number}</n>`,
    );
    await answers.settled;
    if (answers.given[0] === 'ok') this.accepted.add(number);
  }

  attach(): void {
    this.#answered = 0;
    this.barneyAt = this.stage.attached(barney);
  }

  #lose(): void {
    if (this.barneyAt === undefined) return;
    const { channel, link } = this.barneyAt;
    this.stage.relay.closed(channel);
    for (const { acknowledge } of link.sent.slice(this.#answered)) acknowledge(new SessionLostError('gone'));
    this.barneyAt = undefined;
  }

  /** The numbers that barney has got and not answered, in the order in which they came. */
  get unanswered(): readonly number[] {
    return (this.barneyAt?.link.sent ?? []).slice(this.#answered).map(({ text }) => numberIn(text));
  }

  answer(as: 'ok' | 450 | 550): void {
    const sent = this.barneyAt?.link.sent[this.#answered];
    if (sent === undefined) return;
    this.#answered += 1;
    if (as !== 450) this.done.add(numberIn(sent.text));
    sent.acknowledge(as === 'ok' ? undefined : new ReplyError(as, 'no'));
  }

  /** The process is gone, and what had not reached the store with it. */
  async restart(): Promise<void> {
    this.barneyAt = undefined;
    this.store = new FaultyStore(this.#memory);
    this.stage = new Stage({}, { store: this.store, clock: this.stage.clock });
    await this.stage.relay.start();
    this.fredAt = this.stage.attached(fred);
  }
}

function numberIn(text: string): number {
  return Number(/<n>(\d+)<\/n>/.exec(text)?.[1]);
}

describe('held data', () => {
  // Invariant: what was accepted and not answered for good is delivered to the next who attaches, in
  // the order of arrival; nothing that was refused with 451 is. After a crash what was answered may
  // come again (C14).
  it('[C14] [3342 §3] is never lost, and comes in order, whatever happens', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const trial = new Trial();
        await trial.run(steps);
        await trial.restart();
        trial.attach();
        await trial.settle();
        const seen: number[] = [];
        while (trial.unanswered.length > 0) {
          seen.push(...trial.unanswered.slice(0, 1));
          trial.answer('ok');
          await trial.settle();
        }
        expect(seen).toEqual([...seen].sort((a, b) => a - b));
        expect(new Set(seen).size).toBe(seen.length);
        for (const number of seen) expect(trial.accepted).toContain(number);
        for (const number of trial.accepted) if (!trial.done.has(number)) expect(seen).toContain(number);
        await trial.stage.relay.stop();
        expect(await trial.store.listHeld(0, 100)).toEqual([]);
      }),
      { numRuns: 150 },
    );
  });

  // Invariant: without a crash, each message is acknowledged once, however often it was sent, and those
  // that one attachment gets for the first time come in order.
  it('[3342 §3] that was answered does not come again while the server lives', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const trial = new Trial();
        await trial.run(steps.filter(({ kind }) => kind !== 'crash'));
        if (trial.barneyAt === undefined) trial.attach();
        for (let rounds = 0; rounds < 5; rounds++) {
          // What could not be taken, or be read, is tried again.
          trial.stage.clock.advance(1000);
          await trial.settle();
          while (trial.unanswered.length > 0) {
            expect(trial.done).not.toContain(trial.unanswered[0]);
            trial.answer('ok');
            await trial.settle();
          }
        }
        expect([...trial.done].sort((a, b) => a - b)).toEqual([...trial.accepted]);
        expect(trial.stage.relay.held.size).toBe(0);
      }),
      { numRuns: 150 },
    );
  });
});
