import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/**
 * Gives memory back when the server has come to rest. While connections arrive, V8 lets garbage stand until the
 * heap has grown by a good part, and keeps the pages that it frees for later; a process that does nothing afterwards
 * never gets to the next collection. So the heap is looked at once a second: when it has grown since the last
 * time and the process has been at rest for two looks, it is collected in full and its free pages go back to the
 * system. Meanwhile the process stands still, which is why it is done at rest only.
 * docs/adr/0025-memory-at-rest.md has figures.
 */
export interface Heap {
  /** Processor time of the process so far, in milliseconds. */
  usedMs(): number;
  /** What the heap has of the system, in octets. */
  octets(): number;
  collect(): void;
}

const LOOK_MS = 1000;
/** Processor time between two looks up to which the process counts as at rest. */
const REST_MS = 50;
/** Growth that is worth a collection: so much, and such a part of the heap, since a large one takes long to look through. */
const GROWTH_OCTETS = 16 * 1024 * 1024;
const GROWTH_PART = 0.25;
/** Looks between two collections at least, so that short rests do not cost more than they bring. */
const PAUSE_LOOKS = 10;

/** The decision, one look after the other. */
export class RestWatch {
  readonly #heap: Heap;
  #usedMs: number;
  #octets: number;
  #restingLooks = 0;
  #looksSince = PAUSE_LOOKS;

  constructor(heap: Heap) {
    this.#heap = heap;
    this.#usedMs = heap.usedMs();
    this.#octets = heap.octets();
  }

  look(): void {
    const usedMs = this.#heap.usedMs();
    this.#restingLooks = usedMs - this.#usedMs <= REST_MS ? this.#restingLooks + 1 : 0;
    this.#usedMs = usedMs;
    this.#looksSince += 1;
    if (this.#restingLooks < 2 || this.#looksSince < PAUSE_LOOKS) return;
    const growth = this.#heap.octets() - this.#octets;
    if (growth < Math.max(GROWTH_OCTETS, this.#octets * GROWTH_PART)) return;
    this.#heap.collect();
    this.#octets = this.#heap.octets();
    this.#usedMs = this.#heap.usedMs();
    this.#looksSince = 0;
  }
}

/** From now on, until what it returns is called. */
export function returnMemoryAtRest(): () => void {
  const collect = collector();
  const watch = new RestWatch({
    usedMs() {
      const { user, system } = process.cpuUsage();
      return (user + system) / 1000;
    },
    octets: () => getHeapStatistics().total_heap_size,
    // Of all flavours the one that gives free pages back at once.
    collect: () => collect({ type: 'major', execution: 'sync', flavor: 'last-resort' }),
  });
  const timer = setInterval(() => watch.look(), LOOK_MS);
  timer.unref();
  return () => clearInterval(timer);
}

/** V8 hands its collector to contexts that begin while the flag is set, whichever way the process was started. */
function collector(): NonNullable<typeof globalThis.gc> {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as NonNullable<typeof globalThis.gc>;
  setFlagsFromString('--no-expose-gc');
  return collect;
}
