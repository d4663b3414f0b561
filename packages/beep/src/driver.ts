import type { ReplyError } from './errors.ts';
import { SessionLostError } from './errors.ts';
import type { Peer } from './peer.ts';
import type { Diagnostic, SessionEvent } from './session/events.ts';
import type { Greeting, PeerIdentity, SessionEnd, SessionFacts } from './session/facts.ts';
import type { ChannelStart, StartedChannel } from './session/profile.ts';
import { Session, type SessionOptions } from './session/session.ts';
import type { Transport, TransportHandler } from './transport/transport.ts';

export interface DriveOptions
  extends Omit<SessionOptions, 'remoteAddress' | 'secured' | 'now' | 'onOutput' | 'onEvent'> {
  /**
   * One line for the log: the session itself found why it must end (B1), or a message of the peer was
   * refused for what it is (B7).
   */
  readonly onDiagnostic?: (diagnostic: Diagnostic) => void;
  /** Milliseconds of a monotonic clock; default `performance.now`. */
  readonly now?: () => number;
}

/** Joins a transport to a session of its own and runs both until either ends. */
export function drive(transport: Transport, options: DriveOptions): Peer {
  return new Driver(transport, options);
}

/** Octets that are asked of a session at a time. */
const batchOctets = 65_536;

class Driver implements Peer, TransportHandler {
  readonly greeting: Promise<Greeting>;
  readonly ended: Promise<SessionEnd>;
  readonly #transport: Transport;
  readonly #session: Session;
  readonly #now: () => number;
  readonly #onDiagnostic: ((diagnostic: Diagnostic) => void) | undefined;
  readonly #greeted = Promise.withResolvers<Greeting>();
  readonly #finished = Promise.withResolvers<SessionEnd>();
  #end: SessionEnd | undefined;
  /** Those who wait for the release. */
  #releases: PromiseWithResolvers<void>[] | undefined;
  #isBlocked = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #timerDeadline: number | undefined;

  constructor(
    transport: Transport,
    { onDiagnostic, now = () => performance.now(), ...options }: DriveOptions,
  ) {
    this.greeting = this.#greeted.promise;
    this.ended = this.#finished.promise;
    // Whoever does not ask for the greeting need not know that there was none.
    this.greeting.catch(() => {});
    this.#transport = transport;
    this.#now = now;
    this.#onDiagnostic = onDiagnostic;
    this.#session = new Session({
      ...options,
      remoteAddress: transport.remoteAddress,
      secured: transport.secured,
      now,
      onOutput: () => flushLater(this),
      onEvent: (event) => this.#happened(event),
    });
    transport.open(this);
    this.#setTimer();
  }

  get facts(): SessionFacts {
    return this.#session.facts;
  }

  authenticated(identity: PeerIdentity): void {
    this.#session.authenticated(identity);
  }

  abort(reason: Error): void {
    this.#session.abort(reason);
  }

  release(): void {
    this.#session.release();
  }

  startChannel(start: ChannelStart): Promise<StartedChannel> {
    return new Promise((resolve, reject) => {
      this.#session.startChannel(start, (result) => {
        if (result instanceof Error) reject(result);
        else resolve(result);
      });
    });
  }

  report(code: string, message: string): void {
    this.#session.report(code, message);
  }

  released(): Promise<void> {
    const release = Promise.withResolvers<void>();
    if (this.#end !== undefined) {
      settleRelease(release, this.#end);
    } else {
      this.#releases ??= [];
      this.#releases.push(release);
      this.#session.release();
    }
    return release.promise;
  }

  // --- TransportHandler

  received(octets: Uint8Array): void {
    this.#session.receive(octets);
    this.#setTimer();
  }

  drained(): void {
    this.#isBlocked = false;
    this.flush();
  }

  closed(error?: Error): void {
    this.#session.transportClosed(error);
    this.#setTimer();
  }

  // ---

  /** Writes what the session has, as far as the transport takes it. */
  flush(): void {
    for (;;) {
      const octets = this.#session.takeOutput(this.#isBlocked ? 0 : batchOctets);
      if (octets === undefined) break;
      this.#isBlocked = !this.#transport.write(octets);
    }
    this.#setTimer();
  }

  #happened(event: SessionEvent): void {
    switch (event.kind) {
      case 'greeting':
        this.#greeted.resolve(event.greeting);
        return;
      case 'release-declined':
        this.#settleReleases(event.error);
        return;
      case 'refused':
        this.#onDiagnostic?.(event.diagnostic);
        return;
      case 'ended':
        this.#end = event.end;
        if (event.transport === 'close') this.#transport.close();
        else this.#transport.abort();
        this.#greeted.reject(event.end.kind === 'lost' ? event.end.error : new SessionLostError('released'));
        this.#settleReleases(event.end);
        this.#finished.resolve(event.end);
        if (event.diagnostic !== undefined) this.#onDiagnostic?.(event.diagnostic);
    }
  }

  #settleReleases(result: SessionEnd | ReplyError): void {
    const releases = this.#releases;
    this.#releases = undefined;
    for (const release of releases ?? []) settleRelease(release, result);
  }

  /** One timer, and only while the session waits for something. */
  #setTimer(): void {
    const deadline = this.#session.deadline();
    if (deadline === this.#timerDeadline) return;
    clearTimeout(this.#timer);
    this.#timerDeadline = deadline;
    this.#timer = undefined;
    if (deadline === undefined) return;
    this.#timer = setTimeout(
      () => {
        this.#timerDeadline = undefined;
        this.#session.tick(this.#now());
        this.#setTimer();
      },
      Math.max(0, Math.ceil(deadline - this.#now())),
    );
    // In Node a session that only waits does not keep the process alive; its socket does.
    (this.#timer as { unref?: () => void }).unref?.();
  }
}

function settleRelease(release: PromiseWithResolvers<void>, result: SessionEnd | ReplyError): void {
  if (!('kind' in result)) release.reject(result);
  else if (result.kind === 'released') release.resolve();
  else release.reject(result.error);
}

/**
 * Sessions with something to send, served together once per turn of the event loop: what was sent to
 * one peer meanwhile leaves in one write.
 */
let waiting: Driver[] = [];

const schedule: (run: () => void) => void =
  (globalThis as { setImmediate?: (run: () => void) => void }).setImmediate ?? queueMicrotask;

function flushLater(driver: Driver): void {
  if (waiting.length === 0) schedule(flushAll);
  waiting.push(driver);
}

function flushAll(): void {
  const drivers = waiting;
  waiting = [];
  for (const driver of drivers) driver.flush();
}
