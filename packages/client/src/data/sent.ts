import { domainOf, type StatusResponse } from '@apex/protocol';
import { ApexError } from '../errors.ts';
import { Feed } from '../feed.ts';
import { inTime, LONGEST_MS } from '../in-time.ts';

/** What a relay tells of data on its way to one recipient (RFC 3340 §6.2). */
export interface StatusReport {
  readonly recipient: string;
  /** The administrative domain whose relay reports. */
  readonly relay: string;
  /**
   * `delivered`: the recipient has answered `ok`. `passed`: a relay on the way has passed it on. `delayed`: it takes
   * longer than `reportAfterMs`, and may still be delivered. `failed`: it is not delivered, for the reason that the
   * code tells.
   */
  readonly kind: 'delivered' | 'passed' | 'delayed' | 'failed';
  readonly replyCode: number;
  readonly text: string;
  /** Since it was sent, in milliseconds. */
  readonly afterMs: number;
}

/** How long to wait for reports. */
export interface OutcomeOptions {
  /** How long to wait, in milliseconds; default 30,000. Held data may take much longer. */
  readonly timeoutMs?: number;
  /** Stops the waiting: rejects with its reason. */
  readonly signal?: AbortSignal;
}

const OUTCOME_MS = 30_000;
/** Reports that may wait for their reader, beside outcomes. */
const MAX_WAITING = 1000;

/**
 * Data that the relay has accepted. When a status was asked for, this is an async iterable of reports, for one
 * reader, which ends when every recipient has its outcome, or with the client. Reports that are sent while the client
 * reconnects are lost.
 */
export class Sent implements AsyncIterable<StatusReport>, Disposable {
  readonly recipients: readonly string[];
  readonly #feed = new Feed<StatusReport>();
  readonly #outcomes = new Map<string, StatusReport>();
  readonly #settled = Promise.withResolvers<void>();
  readonly #sentAt = performance.now();
  readonly #forget: () => void;
  readonly #isReported: boolean;

  /** Use `client.send`. `forget` is called once no report is waited for. */
  constructor(recipients: readonly string[], isReported: boolean, forget: () => void) {
    this.recipients = recipients;
    this.#isReported = isReported;
    this.#forget = forget;
    this.#settled.promise.catch(() => {});
    if (!isReported) this.#feed.end({ kind: 'closed' });
  }

  /**
   * What became of it for each recipient, by its endpoint: `delivered` or `failed`. Rejects with ApexError
   * `client.timeout` when an outcome does not come in time (those that came are lost to the caller; the iteration has
   * them), `client.usage` when no status was asked for or `timeoutMs` is no time, or what ended the client.
   */
  async outcomes({
    timeoutMs = OUTCOME_MS,
    signal,
  }: OutcomeOptions = {}): Promise<ReadonlyMap<string, StatusReport>> {
    if (!this.#isReported) {
      throw new ApexError('client.usage', 'no status was asked for: send with { status: true }');
    }
    if (!(Number.isInteger(timeoutMs) && timeoutMs >= 1 && timeoutMs <= LONGEST_MS)) {
      throw new ApexError(
        'client.usage',
        `timeoutMs: ${timeoutMs} is not a whole number from 1 to ${LONGEST_MS}`,
      );
    }
    const late = (): ApexError => {
      const missing = this.recipients.filter((recipient) => !this.#outcomes.has(recipient));
      return new ApexError('client.timeout', `no report about ${missing.join(', ')} within ${timeoutMs} ms`);
    };
    await inTime(this.#settled.promise, timeoutMs, late, signal);
    return this.#outcomes;
  }

  [Symbol.asyncIterator](): AsyncIterator<StatusReport, void, void> {
    return this.#feed.read(async () => this[Symbol.dispose]());
  }

  /** Waits for no more reports. */
  [Symbol.dispose](): void {
    this.#feed.end({ kind: 'closed' });
    this.#settled.reject(new ApexError('client.closed', 'the reports are no longer waited for'));
    this.#forget();
  }

  /** A report has come from the report service of a domain. */
  reported(service: string, { destinations }: StatusResponse): void {
    const relay = domainOf(service);
    for (const { identity: recipient, reply } of destinations) {
      // One outcome for each recipient, whatever else is told later.
      if (!this.recipients.includes(recipient) || this.#outcomes.has(recipient)) continue;
      const kind = kindOf(reply.code, relay === domainOf(recipient));
      const afterMs = performance.now() - this.#sentAt;
      const report = { recipient, relay, kind, replyCode: reply.code, text: reply.text, afterMs };
      const isOutcome = kind === 'delivered' || kind === 'failed';
      if (isOutcome) this.#outcomes.set(recipient, report);
      // An outcome is never left out; how many others come is up to relays of others.
      if (isOutcome || this.#feed.waiting < MAX_WAITING) this.#feed.push(report);
    }
    if (this.#outcomes.size < this.recipients.length) return;
    this.#feed.end({ kind: 'closed' });
    this.#settled.resolve();
    this.#forget();
  }

  /** The client is over. */
  ended(error: Error): void {
    this.#feed.end({ kind: 'lost', error });
    this.#settled.reject(error);
  }
}

function kindOf(replyCode: number, isFinal: boolean): StatusReport['kind'] {
  if (replyCode >= 400) return 'failed';
  // 3342 §2.2.1
  if (replyCode >= 300) return 'delayed';
  return isFinal ? 'delivered' : 'passed';
}
