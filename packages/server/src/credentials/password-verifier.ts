import { ReplyError } from '@apex/beep';
import type { ScramCredentials } from '../store/ports.ts';
import { defaultScramIterations, verifyPassword } from './scram.ts';

/** Where passwords are looked up, and how much checking them may cost. */
export interface PasswordVerifierOptions {
  /** Looks up the stored credentials of an endpoint, such as `store.findCredentials`. */
  readonly find: (endpoint: string) => Promise<ScramCredentials | undefined>;
  /** The iterations that new credentials get: the work done for an unknown endpoint. Default 10,000. */
  readonly iterations?: number;
  /** Derivations at the same time. Default 2; they run on Node's thread pool, which has four threads. */
  readonly concurrency?: number;
  /** Attempts of one source that may wait, the next ones are refused. Default 1000. */
  readonly waitingPerSource?: number;
  /** Attempts that may wait altogether. Default 10,000. */
  readonly waiting?: number;
}

/**
 * Checks clear passwords as SASL PLAIN brings them (RFC 4616). A derivation is costly on purpose, so
 * that few run at a time; sources take turns, so that a flood from one of them delays itself only.
 * An unknown endpoint costs what a known one does (B13).
 */
export class PasswordVerifier {
  readonly #find: PasswordVerifierOptions['find'];
  readonly #decoy: ScramCredentials;
  readonly #concurrency: number;
  readonly #waitingPerSource: number;
  readonly #limit: number;
  /** By source; the source whose turn is next stands first. */
  readonly #queues = new Map<string, (() => Promise<void>)[]>();
  #waiting = 0;
  #running = 0;

  constructor(options: PasswordVerifierOptions) {
    const {
      find,
      iterations = defaultScramIterations,
      concurrency = 2,
      waitingPerSource = 1000,
      waiting = 10_000,
    } = options;
    this.#find = find;
    this.#concurrency = concurrency;
    this.#waitingPerSource = waitingPerSource;
    this.#limit = waiting;
    const octets = crypto.getRandomValues(new Uint8Array(32)); // no password is known to derive to this
    this.#decoy = {
      mechanism: 'SCRAM-SHA-256',
      salt: octets.slice(0, 16),
      iterations,
      storedKey: octets,
      serverKey: octets,
    };
  }

  /**
   * Whether this is the endpoint's password; false for an unknown endpoint (B13). `source` is where
   * the attempt comes from, such as the peer's host; without one, attempts on the same endpoint count
   * as one source. Rejects with ReplyError 454 when too many attempts wait, and with what `find`
   * rejects with.
   */
  verify(endpoint: string, password: string, source = endpoint): Promise<boolean> {
    const queue = this.#queues.get(source) ?? [];
    if (queue.length >= this.#waitingPerSource || this.#waiting >= this.#limit) {
      return Promise.reject(
        new ReplyError(454, 'too many authentications at the same time, try again later'),
      );
    }
    return new Promise((resolve, reject) => {
      queue.push(() => this.#check(endpoint, password).then(resolve, reject));
      this.#queues.set(source, queue);
      this.#waiting++;
      this.#next();
    });
  }

  async #check(endpoint: string, password: string): Promise<boolean> {
    const credentials = await this.#find(endpoint);
    const right = await verifyPassword(credentials ?? this.#decoy, password);
    return right && credentials !== undefined;
  }

  #next(): void {
    while (this.#running < this.#concurrency) {
      const [turn] = this.#queues;
      if (turn === undefined) return;
      const [source, queue] = turn;
      const attempt = queue.shift();
      this.#queues.delete(source); // and to the end, when more of it wait
      if (queue.length > 0) this.#queues.set(source, queue);
      if (attempt === undefined) continue;
      this.#waiting--;
      this.#running++;
      void attempt().finally(() => {
        this.#running--;
        this.#next();
      });
    }
  }
}
