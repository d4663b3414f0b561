/** What the main thread asks of a worker. */
export interface Order {
  readonly target: string;
  readonly ms: number;
  readonly seed: number;
  /** A folder with more inputs to begin with. */
  readonly from?: string | undefined;
  /** Whether the corpus becomes what is needed to reach all that was reached. */
  readonly keep: boolean;
  /** This input is tried once, and nothing else. */
  readonly only: Uint8Array | undefined;
  /** The input that is tried: four octets of its length, and then itself. */
  readonly shared: SharedArrayBuffer;
}

export type FromWorker =
  | {
      readonly kind: 'progress';
      readonly executions: number;
      readonly seconds: number;
      /** Inputs that it goes on from. */
      readonly corpus: number;
      /** The greatest cost of an input, as a part of what it may cost. */
      readonly costliest: number;
      /** Characters of the sources that ran, and all of them. */
      readonly reached: number;
      readonly all: number;
    }
  | { readonly kind: 'kept'; readonly count: number }
  | { readonly kind: 'finding'; readonly input: Uint8Array; readonly text: string }
  | { readonly kind: 'done' };
