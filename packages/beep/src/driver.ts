import type { ReplyError } from './errors.ts';
import { SessionLostError, UsageError } from './errors.ts';
import type { Peer } from './peer.ts';
import { askForTls } from './profile/tls/ask-for-tls.ts';
import type { Diagnostic, SessionEvent } from './session/events.ts';
import type { Greeting, PeerIdentity, SessionEnd, SessionFacts } from './session/facts.ts';
import { giveBack } from './session/output.ts';
import type { ChannelStart, StartedChannel } from './session/profile.ts';
import { Session, type SessionOptions } from './session/session.ts';
import type { Negotiate, Transport, TransportHandler } from './transport/transport.ts';

/** How a session is run over a transport: that of {@link SessionOptions}, without what the transport tells. */
export interface DriveOptions
  extends Omit<
    SessionOptions,
    'remoteAddress' | 'secured' | 'serverName' | 'certificate' | 'now' | 'onOutput' | 'onEvent'
  > {
  /** Of a listener with the TLS profile: protects the connection of a peer that asks for it. */
  readonly negotiate?: Negotiate | undefined;
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

const monotonic = (): number => performance.now();

/** Octets that are asked of a session at a time. */
const batchOctets = 65_536;

class Driver implements Peer, TransportHandler {
  readonly ended: Promise<SessionEnd>;
  receivedOctets = 0;
  #transport: Transport;
  #session: Session;
  readonly #now: () => number;
  /** For the session that begins once the connection is secured; undefined when that cannot be. */
  #options: DriveOptions | undefined;
  readonly #onDiagnostic: ((diagnostic: Diagnostic) => void) | undefined;
  /** The peer's greeting, or why there is none, once that is known. */
  #greeting: Greeting | Error | undefined;
  /** Those who wait for it; a listener as a rule does not. */
  #greeted: PromiseWithResolvers<Greeting> | undefined;
  readonly #finished = Promise.withResolvers<SessionEnd>();
  #end: SessionEnd | undefined;
  /** Those who wait for the release. */
  #releases: PromiseWithResolvers<void>[] | undefined;
  #securing: Securing | undefined;
  #isBlocked = false;
  #isPaused = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #timerDeadline: number | undefined;

  constructor(transport: Transport, options: DriveOptions) {
    const { onDiagnostic, now = monotonic } = options;
    this.ended = this.#finished.promise;
    this.#now = now;
    this.#onDiagnostic = onDiagnostic;
    const canSecure = !transport.secured && (options.role === 'initiator' || options.negotiate !== undefined);
    this.#options = canSecure ? options : undefined;
    this.#transport = transport;
    this.#session = this.#begin(transport, options);
    transport.open(this);
    this.#setTimer();
  }

  #begin(transport: Transport, options: DriveOptions, serverName?: string): Session {
    return new Session({
      ...options,
      remoteAddress: transport.remoteAddress,
      secured: transport.secured,
      certificate: transport.certificate,
      serverName,
      now: this.#now,
      onOutput: () => flushLater(this),
      onEvent: (event) => this.#happened(event),
    });
  }

  get greeting(): Promise<Greeting> {
    if (this.#greeted === undefined) {
      this.#greeted = Promise.withResolvers();
      // Whoever does not wait for it need not know that there was none.
      this.#greeted.promise.catch(() => {});
      if (this.#greeting !== undefined) this.#settleGreeting(this.#greeting);
    }
    return this.#greeted.promise;
  }

  #settleGreeting(greeting: Greeting | Error): void {
    this.#greeting ??= greeting;
    if (greeting instanceof Error) this.#greeted?.reject(greeting);
    else this.#greeted?.resolve(greeting);
  }

  get facts(): SessionFacts {
    return this.#session.facts;
  }

  authenticated(identity: PeerIdentity): void {
    this.#session.authenticated(identity);
  }

  established(): void {
    this.#session.established();
  }

  abort(reason: Error): void {
    if (this.#securing?.isNegotiating === true) {
      this.#securing.aborted = reason;
      this.#transport.abort();
    } else this.#session.abort(reason);
  }

  release(): void {
    this.#session.release();
  }

  startChannel(start: ChannelStart): Promise<StartedChannel> {
    if (this.#securing !== undefined) return Promise.reject(tuning());
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

  async secure(negotiate: Negotiate, serverName?: string): Promise<Greeting> {
    await this.greeting;
    if (this.#session.facts.secured) throw new UsageError('tls.secured', 'the session is protected already');
    if (this.#securing !== undefined) throw tuning();
    if (this.#session.isBusy) throw new UsageError('tls.busy', 'TLS comes before all else');
    const outcome = Promise.withResolvers<Greeting>();
    this.#securing = { negotiate, serverName, outcome, isNegotiating: false, aborted: undefined };
    askForTls(this.#session, serverName, (refusal) => {
      if (refusal === undefined) return;
      this.#securing = undefined;
      outcome.reject(refusal);
    });
    return outcome.promise;
  }

  // --- TransportHandler

  received(octets: Uint8Array): void {
    this.receivedOctets += octets.length;
    this.#session.receive(octets);
    this.#followRate();
    this.#setTimer();
  }

  /** A peer that floods is not read until it has fallen behind its rates. */
  #followRate(): void {
    if (this.#isPaused !== this.#session.wantsOctets) return;
    this.#isPaused = !this.#isPaused;
    if (this.#isPaused) this.#transport.pause();
    else this.#transport.resume();
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
      if (this.#transport.isEmpty) giveBack(octets);
    }
    this.#setTimer();
  }

  #happened(event: SessionEvent): void {
    switch (event.kind) {
      case 'greeting':
        this.#settleGreeting(event.greeting);
        return;
      case 'release-declined':
        this.#settleReleases(event.error);
        return;
      case 'refused':
        this.#onDiagnostic?.(event.diagnostic);
        return;
      case 'tuned':
        void this.#negotiate(event.trailing);
        return;
      case 'ended':
        if (event.transport === 'close') this.#transport.close();
        else this.#transport.abort();
        this.#ended(event.end);
        if (event.diagnostic !== undefined) this.#onDiagnostic?.(event.diagnostic);
    }
  }

  #ended(end: SessionEnd): void {
    this.#end = end;
    if (this.#greeting === undefined) {
      this.#settleGreeting(end.kind === 'lost' ? end.error : new SessionLostError('released'));
    }
    this.#settleReleases(end);
    this.#finished.resolve(end);
  }

  /** 3080 §3, §3.1.3.2: the connection is negotiated at once, and a new session begins on it (3080 §9 rule 3). */
  async #negotiate(trailing: Uint8Array): Promise<void> {
    const options = this.#options;
    const securing = this.#securing ?? {
      negotiate: options?.negotiate,
      serverName: this.#session.facts.serverName,
      outcome: undefined,
      isNegotiating: true,
      aborted: undefined,
    };
    securing.isNegotiating = true;
    this.#securing = securing;
    const { negotiate, serverName, outcome } = securing;
    this.#setTimer();
    try {
      if (options === undefined || negotiate === undefined) {
        throw new UsageError('tls.unavailable', 'this connection cannot be protected');
      }
      this.#transport = await negotiate(this.#transport, { serverName, trailing });
      if (securing.aborted !== undefined) throw securing.aborted;
      this.#securing = undefined;
      this.#options = undefined;
      this.#isBlocked = false;
      this.#isPaused = false;
      this.#greeted?.reject(new SessionLostError('the session was secured before its peer had greeted'));
      this.#greeted = this.#greeting = undefined;
      this.#session = this.#begin(
        this.#transport,
        options,
        options.role === 'listener' ? serverName : undefined,
      );
      this.#transport.open(this);
      this.#setTimer();
      outcome?.resolve(this.greeting);
    } catch (error) {
      this.#notSecured(securing.aborted ?? (error as Error), outcome);
    }
  }

  #notSecured(error: Error, outcome: Securing['outcome']): void {
    this.#transport.abort();
    const { remoteAddress } = this.#transport;
    const { message } = error;
    this.#onDiagnostic?.({
      ended: true,
      code: 'tls.failed',
      message,
      remoteAddress,
      header: '',
      cause: error,
    });
    outcome?.reject(error);
    this.#ended({
      kind: 'lost',
      error: new SessionLostError(`no transport security: ${message}`, { cause: error }),
    });
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
        this.#followRate();
        this.#setTimer();
      },
      Math.max(0, Math.ceil(deadline - this.#now())),
    );
    // In Node a session that only waits does not keep the process alive; its socket does.
    (this.#timer as { unref?: () => void }).unref?.();
  }
}

/** One attempt to protect the connection. */
interface Securing {
  readonly negotiate: Negotiate | undefined;
  readonly serverName: string | undefined;
  /** For the one who asked; a listener only answers. */
  readonly outcome: PromiseWithResolvers<Greeting> | undefined;
  isNegotiating: boolean;
  aborted: Error | undefined;
}

function tuning(): UsageError {
  return new UsageError('session.tuning', 'transport security is being negotiated');
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
