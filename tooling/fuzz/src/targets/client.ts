import { defaultLimits, type Transport, type TransportHandler } from '@apex/beep';
import { type ApexClient, ApexError, attachOver, textOf } from '@apex/client';
import { apexWords } from '../apex-words.ts';
import { Finding, must } from '../finding.ts';
import { PASSWORD, PEER } from '../mechanisms.ts';
import { framesOf } from '../octets/frames.ts';
import { mutateFrames } from '../octets/mutate-frames.ts';
import { cut } from '../octets/octets.ts';
import { Random } from '../random.ts';
import { SessionWatch } from '../session-watch.ts';
import type { Target } from '../target.ts';
import { turn } from '../turn.ts';

/** RFC 3080, RFC 3340 to RFC 3343: what a server says to an application. */
export const client: Target = {
  name: 'client',
  reads: 'a whole session of an application: a server that answers wrongly, or not at all',
  covers: [
    ...['frame/', 'message/', 'xml/', 'channel/', 'management/', 'session/', 'driver.ts'].map(
      (folder) => `beep/src/${folder}`,
    ),
    'protocol/src/',
    'client/src/',
  ],
  words: apexWords,
  maxOctets: 24_000,
  work: { base: 2_000_000, perOctet: 10_000 },
  briefly: 200,
  mutate: (input, other, random) => mutateFrames(input, other, apexWords, random),
  async run(input) {
    const restore = foreseeableRandom();
    try {
      await play(input, new Random(input.length));
    } finally {
      restore();
    }
  },
};

async function play(input: Uint8Array, random: Random): Promise<void> {
  const wire = new Wire();
  const application = new Application(wire);
  await pause();
  const { pieces, rest } = framesOf(input);
  const inPieces = random.once(4)
    ? cut(input, Math.max(random.pick([1, 30, 500, input.length]), input.length >> 8), (bound) =>
        random.below(bound),
      )
    : [...pieces, rest.slice()];
  for (const piece of inPieces) {
    if (wire.isOver) break;
    wire.hear(piece);
    await pause();
  }
  wire.end();
  await pause();
  await pause();
  const [failure] = wire.failures;
  if (failure !== undefined) throw failure;
  application.check();
}

/** The connection, of which the input is the other end. */
class Wire implements Transport {
  readonly remoteAddress = 'fuzz:0';
  readonly secured = true;
  isOver = false;
  readonly failures: unknown[] = [];
  readonly #watch = new SessionWatch(defaultLimits);
  #handler: TransportHandler | undefined;

  open(handler: TransportHandler): void {
    this.#handler = handler;
  }

  write(octets: Uint8Array): boolean {
    try {
      must(!this.isOver, 'writes to a connection that is over');
      this.#watch.wrote(octets);
    } catch (error) {
      this.failures.push(error);
    }
    return true;
  }

  close(): void {
    this.end();
  }

  abort(): void {
    this.end();
  }

  pause(): void {}

  resume(): void {}

  hear(piece: Uint8Array): void {
    this.#watch.given(piece);
    this.#handler?.received(piece);
    piece.fill(0x2a);
  }

  end(): void {
    if (this.isOver) return;
    this.isOver = true;
    // A transport never calls back from inside a call.
    queueMicrotask(() => this.#handler?.closed());
  }
}

/** An application that asks for all that it can, and notes what comes of it. */
class Application {
  #waiting = 0;
  readonly #problems: unknown[] = [];

  constructor(wire: Wire) {
    const options = { endpoint: PEER, credentials: { password: PASSWORD }, mechanisms: ['PLAIN'] } as const;
    this.#expect(attachOver(wire, options).then((attached) => this.#use(attached)));
  }

  /** To be called when the session is over, and then nothing may be waited for. */
  check(): void {
    for (const problem of this.#problems) {
      requireForeseen(problem);
      must(problem instanceof ApexError, `a call ends with ${String(problem)}`);
    }
    must(this.#waiting === 0, `${this.#waiting} calls never end`);
  }

  #use(attached: ApexClient): void {
    const { presence, access, incoming } = attached;
    const wilma = 'wilma@example.com';
    this.#expect(attached.ended.then((end) => end.kind === 'lost' && requireForeseen(end.error)));
    this.#expect(presence.subscribe(wilma).then(readAll));
    this.#expect(presence.watch(PEER).then(readAll));
    this.#expect(presence.fetch('barney@example.com'));
    const tuples = [{ destination: 'apex:fred@example.com', availableUntil: '2030-05-14T14:02:00Z' }];
    this.#expect(presence.publish({ tuples }));
    this.#expect(access.query(wilma, ['core:data']));
    this.#expect(access.get(wilma));
    this.#expect(access.set(wilma, ['core:data']));
    this.#expect(readAll(access.changes()));
    this.#expect(attached.send(wilma, { text: 'hello' }, { status: true }).then(readAll));
    this.#expect(readAll(incoming));
  }

  #expect(call: Promise<unknown>): void {
    this.#waiting += 1;
    void call
      .catch((error: unknown) => this.#problems.push(error))
      .finally(() => {
        this.#waiting -= 1;
      });
  }
}

/** Throws Finding for an error behind which there is one that nobody meant to throw. */
function requireForeseen(error: unknown): void {
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
    const isHandlers = cause.message.endsWith('a handler failed');
    if (isHandlers || cause instanceof TypeError || cause instanceof RangeError || cause instanceof Finding) {
      throw new Finding(`a call ends with ${String(cause.cause ?? cause)}`, { cause });
    }
  }
}

async function readAll(values: AsyncIterable<unknown>): Promise<void> {
  for await (const value of values) {
    const isData = typeof value === 'object' && value !== null && 'content' in value;
    if (isData) textOf(value as Parameters<typeof textOf>[0]);
  }
}

/** The driver writes once in a turn of the event loop, in whatever turn comes next. */
async function pause(): Promise<void> {
  await turn();
  await turn();
}

/** Transaction-identifiers 1, 2, 3 and so on, so that an input can answer them. Returns what ends that. */
function foreseeableRandom(): () => void {
  const original = crypto.getRandomValues;
  crypto.getRandomValues = (array) => {
    if (array instanceof Uint32Array) {
      for (let index = 0; index < array.length; index += 1) array[index] = 2 * (index + 1);
    }
    return array;
  };
  return () => {
    crypto.getRandomValues = original;
  };
}
