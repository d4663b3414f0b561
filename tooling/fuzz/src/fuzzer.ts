import type { Coverage, Run } from './coverage.ts';
import { Finding } from './finding.ts';
import { mutateOctets } from './octets/mutate-octets.ts';
import type { Random } from './random.ts';
import type { Target } from './target.ts';

export interface FuzzerOptions {
  readonly target: Target;
  /** What it begins with. */
  readonly corpus: readonly Uint8Array[];
  readonly random: Random;
  /** Without it nothing is learnt from what inputs reach. */
  readonly coverage?: Coverage;
  /** Told of each input before it is tried. */
  readonly trying?: (input: Uint8Array) => void;
  /** Called behind each input; throws what went wrong beside it. */
  readonly tried?: () => void;
}

const noOctets = new Uint8Array(0);
/** Inputs that are tried between two looks at the coverage. */
const BATCH = 128;
/** Octets of an input that is small enough to be kept. */
const SMALL_OCTETS = 2048;
/** Processor time of one input that is a finding, in milliseconds: hundreds of times what it costs as a rule. */
const SLOW_MS = 500;
/** How long a found input is made smaller, in milliseconds. */
const REDUCE_MS = 10_000;

/**
 * Tries inputs near to those of its corpus. One that reaches code that no input has reached before joins
 * the corpus, so that the next ones go on from there.
 */
export class Fuzzer {
  readonly corpus: Uint8Array[] = [];
  executions = 0;
  /** The input that was tried last. */
  tried: Uint8Array = noOctets;
  /** The greatest part of what an input may cost that one did cost; 1 is a finding. */
  costliest = 0;
  readonly #options: FuzzerOptions;

  constructor(options: FuzzerOptions) {
    this.#options = options;
  }

  /** Tries what it begins with. Rejects with the finding. */
  async begin(): Promise<void> {
    this.#options.coverage?.take().note();
    for (const input of this.#options.corpus) {
      await this.#try(input);
      const run = this.#options.coverage?.take();
      if (run !== undefined) this.#judge(input, run);
      this.corpus.push(input);
    }
  }

  /** Tries one batch. Rejects with the finding. */
  async step(): Promise<void> {
    await this.#search(Array.from({ length: BATCH }, () => this.#another()));
  }

  /** The smallest input near to this one that fails in the same way. */
  async reduce(input: Uint8Array, message: string): Promise<Uint8Array> {
    let smallest = input;
    const until = performance.now() + REDUCE_MS;
    for (let size = smallest.length >> 1; size >= 1; size = size > 1 ? size >> 1 : 0) {
      for (let at = 0; at < smallest.length && performance.now() < until; ) {
        const smaller = new Uint8Array(smallest.length - Math.min(size, smallest.length - at));
        smaller.set(smallest.subarray(0, at));
        smaller.set(smallest.subarray(at + size), at);
        if ((await this.#failure(smaller)) === message) smallest = smaller;
        else at += size;
      }
    }
    return smallest;
  }

  /**
   * The inputs of its corpus that are needed beside `fixed` to reach all that its small ones reach. To be called
   * last: what was reached is forgotten.
   */
  async minimal(fixed: readonly Uint8Array[]): Promise<readonly Uint8Array[]> {
    const others = this.corpus
      .filter((input) => input.length <= SMALL_OCTETS && !fixed.includes(input))
      .sort((a, b) => a.length - b.length);
    // What came last reaches most, and makes many of the others needless.
    const last = (await this.#needed(fixed, others)).toReversed();
    return this.#needed(fixed, last);
  }

  /** Those that reach something that the ones before them do not. */
  async #needed(fixed: readonly Uint8Array[], others: readonly Uint8Array[]): Promise<Uint8Array[]> {
    const { coverage } = this.#options;
    coverage?.forget();
    for (const input of fixed) {
      await this.#try(input);
      coverage?.take().note();
    }
    const needed: Uint8Array[] = [];
    for (const input of others) {
      await this.#try(input);
      if (coverage?.take().note() === true) needed.push(input);
    }
    return needed;
  }

  #another(): Uint8Array {
    const { target, random } = this.#options;
    const input = this.#pick();
    const other = this.#pick();
    const mutated = target.mutate?.(input, other, random) ?? mutateOctets(input, other, target.words, random);
    return mutated.length > target.maxOctets ? mutated.slice(0, target.maxOctets) : mutated;
  }

  /** The newest ones more often. */
  #pick(): Uint8Array {
    const { random } = this.#options;
    const { length } = this.corpus;
    if (length === 0) return noOctets;
    const at = random.once(4) ? length - 1 - random.below(Math.min(length, 16)) : random.below(length);
    return this.corpus[at] as Uint8Array;
  }

  async #try(input: Uint8Array): Promise<void> {
    this.#options.trying?.(input);
    this.tried = input;
    this.executions += 1;
    const begun = process.threadCpuUsage().user;
    await this.#options.target.run(input);
    this.#options.tried?.();
    const ms = (process.threadCpuUsage().user - begun) / 1000;
    // Expressions and functions of the engine have no blocks that are counted.
    if (ms > SLOW_MS) throw new Finding(`takes more than ${SLOW_MS} ms of processor time`);
  }

  /**
   * Tries inputs and looks at the coverage once, which costs more than many of them do. Where they reach
   * something new, or may have cost too much, the halves are tried again, down to the inputs that did.
   */
  async #search(inputs: readonly Uint8Array[]): Promise<void> {
    for (const input of inputs) await this.#try(input);
    const run = this.#options.coverage?.take();
    if (run === undefined) return;
    // None of them can have cost too much when all together cost less than one may.
    const isCheap = run.work < Math.min(...inputs.map((input) => this.#allowed(input)));
    if (isCheap && !run.isNew) return;
    const [input] = inputs;
    if (inputs.length > 1 || input === undefined) {
      const middle = inputs.length >> 1;
      await this.#search(inputs.slice(0, middle));
      await this.#search(inputs.slice(middle));
    } else if (this.#judge(input, run)) {
      this.corpus.push(input);
    }
  }

  /** Notes what one input reached; true when something of it is new. Throws Finding for one that costs too much. */
  #judge(input: Uint8Array, run: Run): boolean {
    const allowed = this.#allowed(input);
    this.costliest = Math.max(this.costliest, run.work / allowed);
    if (run.work > allowed) throw new Finding(`costs more than ${allowed} blocks for ${input.length} octets`);
    return run.note();
  }

  #allowed(input: Uint8Array): number {
    const { base, perOctet } = this.#options.target.work;
    return base + perOctet * input.length;
  }

  async #failure(input: Uint8Array): Promise<string | undefined> {
    try {
      await this.#try(input);
      return undefined;
    } catch (error) {
      return firstLine(error);
    }
  }
}

/** What two failures have in common that are the same. */
export function firstLine(error: unknown): string {
  return String(error).split('\n', 1)[0]?.slice(0, 60) ?? '';
}
