import type { Random } from './random.ts';

/** Something that reads octets of a peer, and what must hold whatever they are. */
export interface Target {
  /** Of its file, and of its folder in the corpus. */
  readonly name: string;
  /** One line for people. */
  readonly reads: string;
  /** Folders and files below `packages/` whose coverage is told, such as `beep/src/xml/`. */
  readonly covers: readonly string[];
  /** Pieces that its inputs are made of, for mutations. */
  readonly words: readonly string[];
  /** Octets of the largest input that is tried. */
  readonly maxOctets: number;
  /** What an input may cost, in blocks of code that run: so much in any case, and so much for each octet. */
  readonly work: { readonly base: number; readonly perOctet: number };
  /** How many inputs a test run tries. */
  readonly briefly: number;
  /** Another input near to one. Default: `mutateOctets`. */
  readonly mutate?: (input: Uint8Array, other: Uint8Array, random: Random) => Uint8Array;
  /** Throws, or rejects, when a property does not hold: a finding. The same input does the same each time. */
  run(input: Uint8Array): void | Promise<void>;
}
