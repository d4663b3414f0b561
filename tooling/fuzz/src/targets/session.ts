import { defaultLimits, FrameError, type Limits, Session, type SessionEvent } from '@apex/beep';
import { apexWords } from '../apex-words.ts';
import { Finding, must } from '../finding.ts';
import { framesOf } from '../octets/frames.ts';
import { mutateFrames } from '../octets/mutate-frames.ts';
import { cut } from '../octets/octets.ts';
import { Random } from '../random.ts';
import { SessionWatch } from '../session-watch.ts';
import { openStage, type Stage } from '../stage.ts';
import type { Target } from '../target.ts';
import { turn } from '../turn.ts';

const limits: Limits = {
  ...defaultLimits,
  framePayloadOctets: 512,
  receiveWindowOctets: 8192,
  messageOctets: 6000,
  managementMessageOctets: 6000,
  channels: 6,
  unansweredExchanges: 8,
  exchangeOctets: 16_384,
  unfinishedOctets: 8192,
  answersInProgress: 4,
  messagesPerSecond: 100,
  octetsPerSecond: 10_000,
};

/**
 * Octets of MSGs that are kept without an answer at most: those of the limit, and what fits into the windows that
 * were given by then, and into what is given of them afterwards for replies.
 */
const keptAtMost = limits.exchangeOctets + limits.channels * 3 * limits.receiveWindowOctets;

/** RFC 3080, RFC 3081, RFC 3340 to RFC 3343: what a peer says to a server. */
export const session: Target = {
  name: 'session',
  reads: 'a whole session of a server: SASL, TLS, and the relay with its services on a store in memory',
  covers: [
    ...['frame/', 'message/', 'xml/', 'channel/', 'management/', 'session/', 'profile/'].map(
      (folder) => `beep/src/${folder}`,
    ),
    'protocol/src/',
    ...['relay/', 'services/', 'subject/'].map((folder) => `server/src/${folder}`),
  ],
  words: apexWords,
  maxOctets: 24_000,
  work: { base: 2_000_000, perOctet: 10_000 },
  briefly: 300,
  mutate: (input, other, random) => mutateFrames(input, other, apexWords, random),
  async run(input) {
    const stage = await openStage();
    const random = new Random(input.length);
    const pieces = piecesOf(input, random);
    let secured = false;
    for (let rest = pieces; ; secured = true) {
      const play = new Play(stage, secured, random);
      const used = await play.hear(rest);
      rest = rest.slice(used);
      // Behind a negotiation of TLS a new session begins (RFC 3080 §3.1.3.2).
      if (!play.isTuned || secured) break;
    }
    if (stage.failures.length > 0) throw new Finding('a mechanism failed', { cause: stage.failures[0] });
    const kept = stage.kept.reduce((octets, payload) => octets + payload.length, 0);
    must(kept <= keptAtMost, `${kept} octets of MSGs are kept`);
  },
};

/**
 * The input as it arrives: frame by frame as a rule, since a peer that waits for its answers gets further. Octet
 * by octet costs a turn of the event loop for each, so that only short ones come like that.
 */
function piecesOf(input: Uint8Array, random: Random): readonly Uint8Array[] {
  if (!random.once(4)) {
    const { pieces, rest } = framesOf(input);
    return [...pieces, rest.slice()];
  }
  const longest = random.pick([1, 30, 500, input.length]);
  return cut(input, Math.max(longest, input.length >> 8), (bound) => random.below(bound));
}

/** One session, with what its peer says and sees. */
class Play {
  readonly #stage: Stage;
  readonly #random: Random;
  readonly #watch = new SessionWatch(limits);
  readonly #session: Session;
  readonly #events: SessionEvent[] = [];

  constructor(stage: Stage, secured: boolean, random: Random) {
    this.#stage = stage;
    this.#random = random;
    this.#session = new Session({
      role: 'listener',
      profiles: stage.profiles,
      limits,
      secured,
      remoteAddress: 'fuzz:0',
      now: () => stage.clock.now,
      onEvent: (event) => this.#events.push(event),
    });
  }

  get isTuned(): boolean {
    return this.#events.at(-1)?.kind === 'tuned';
  }

  /** Gives it pieces until it is over; returns how many it took. */
  async hear(pieces: readonly Uint8Array[]): Promise<number> {
    this.#take();
    for (const [index, piece] of pieces.entries()) {
      for (let seconds = 0; !this.#session.wantsOctets && !this.#session.isEnded; seconds += 1) {
        must(seconds < 60, 'is not ready to read again');
        this.#pass(1000);
        this.#take();
      }
      this.#watch.given(piece);
      const result = this.#session.receive(piece);
      piece.fill(0x2a);
      if (result instanceof FrameError) {
        this.#mustBeSilent(result);
        return index + 1;
      }
      if (!this.#random.once(4)) this.#take();
      await turn();
      if (this.#random.once(4)) this.#pass(this.#random.pick([1, 1000, 20_000]));
      if (this.#session.isEnded) break;
    }
    this.#take();
    await turn();
    this.#pass(40_000);
    this.#take();
    this.#check();
    const isOver = this.#session.isEnded;
    this.#session.transportClosed();
    must(this.#session.isEnded && this.#session.takeOutput(1) === undefined, 'goes on without its transport');
    must(!isOver || this.#session.receive(Uint8Array.of(0x53)) === 'paused', 'reads on after its end');
    this.#check();
    return pieces.length;
  }

  #take(): void {
    for (let count = 0; ; count += 1) {
      must(count < 10_000, 'writes without an end');
      const octets = this.#session.takeOutput(this.#random.pick([1, 100, 65_536]));
      if (octets === undefined) return;
      this.#watch.wrote(octets);
    }
  }

  /** Time passes. */
  #pass(ms: number): void {
    this.#stage.clock.advance(ms);
    for (let count = 0; ; count += 1) {
      must(count < 100, 'has deadlines without an end');
      const deadline = this.#session.deadline();
      if (deadline === undefined || deadline > this.#stage.clock.now) return;
      this.#session.tick(this.#stage.clock.now);
    }
  }

  /** 3080 §2.2.1.1 rule 15: a poorly formed frame ends the session without an answer. */
  #mustBeSilent(error: FrameError): void {
    must(this.#session.isEnded, `goes on after ${error.code}`);
    must(this.#session.takeOutput(65_536) === undefined, `answers ${error.code}`);
    must(this.#session.receive(Uint8Array.of(0x53)) === 'paused', `reads on after ${error.code}`);
    this.#check();
    const last = this.#events.at(-1);
    must(last?.kind === 'ended' && last.transport === 'abort', `does not abort after ${error.code}`);
  }

  #check(): void {
    const ends = this.#events.filter(({ kind }) => kind === 'ended' || kind === 'tuned');
    must(ends.length <= 1, 'ends twice');
    must(ends.length === 0 || ends[0] === this.#events.at(-1), 'tells something after its end');
    for (const event of this.#events) {
      if (!('diagnostic' in event) || event.diagnostic === undefined) continue;
      const { code, cause, message } = event.diagnostic;
      if (code === 'handler.failed' || code === 'session.failed') {
        throw new Finding(`${code}: ${message}`, { cause });
      }
    }
  }
}
