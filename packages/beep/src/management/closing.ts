import type { BeepChannel, CloseResult } from '../channel/channel.ts';
import type { ServerExchange } from '../channel/exchange.ts';
import { ReplyError, SessionLostError } from '../errors.ts';
import type { CloseElement } from './elements.ts';
import type { ManagementExchanges, ManagementHost } from './host.ts';

/** A close or release that the peer asked for and that we have not answered. */
interface AskedClose {
  readonly exchange: ServerExchange;
  /** The channel; undefined to release the session. */
  readonly channel: BeepChannel | undefined;
  /** Handlers that have not said that they are finished. */
  unfinishedHandlers: number;
  readonly deadline: number;
  /** Of our own calls of `close` meanwhile. */
  readonly results: CloseResult[];
}

/** A close that we ask for; sent once our exchanges on the channel are complete. */
interface OwnClose {
  readonly channel: BeepChannel;
  readonly results: CloseResult[];
}

/** Closing channels and releasing the session (RFC 3080 §2.3.1.3, §2.4), in both directions. */
export class Closing {
  readonly #host: ManagementHost;
  readonly #zero: ManagementExchanges;
  #asked: AskedClose | undefined = undefined;
  /** Our closes that wait for exchanges. */
  #waiting: OwnClose[] | undefined = undefined;
  /** Our closes that wait for the peer's answer. */
  #sent: OwnClose[] | undefined = undefined;
  #release: { isSent: boolean; deadline: number } | undefined = undefined;
  /** Results to tell when no frame is being written. */
  #told: CloseResult[] | undefined = undefined;

  constructor(host: ManagementHost, zero: ManagementExchanges) {
    this.#host = host;
    this.#zero = zero;
  }

  // --- we ask

  closeChannel(channel: BeepChannel, onResult: CloseResult): void {
    switch (channel.state) {
      case 'closed':
        onResult(undefined);
        return;
      case 'answering':
        this.#asked?.results.push(onResult);
        return;
      case 'closing':
      case 'crossing': {
        const isThis = (close: OwnClose): boolean => close.channel === channel;
        (this.#waiting?.find(isThis) ?? this.#sent?.find(isThis))?.results.push(onResult);
        return;
      }
      case 'open':
        // 3080 §2.3.1.3 rules 10 to 12
        channel.take('ask');
        this.#waiting ??= [];
        this.#waiting.push({ channel, results: [onResult] });
        this.#host.attention();
    }
  }

  /** 3080 §2.4. The session takes no new MSG from now on. */
  release(): void {
    this.#release = { isSent: false, deadline: this.#host.now() + this.#host.limits.closeWaitMs };
    this.#host.attention();
  }

  #sendClose(close: OwnClose): void {
    const { channel } = close;
    this.#sent ??= [];
    this.#sent.push(close);
    this.#zero.ask({ kind: 'close', number: channel.number, code: 200, text: '' }, 'ok', (reply) => {
      this.#sent = without(this.#sent, close);
      // Of two closes that cross, ours may be refused because the channel is gone already.
      if (reply instanceof ReplyError && channel.take('declined') && channel.state !== 'closed') {
        tell(close.results, { replyCode: reply.replyCode, text: reply.text });
        return;
      }
      if (!(reply instanceof Error) && channel.state !== 'closed') {
        channel.take('agreed');
        this.#host.channelClosed(channel);
      }
      tell(close.results, undefined);
    });
  }

  #sendRelease(): void {
    this.#release = { isSent: true, deadline: this.#host.now() + 2 * this.#host.limits.closeWaitMs };
    this.#zero.ask({ kind: 'close', number: 0, code: 200, text: '' }, 'ok', (reply) => {
      this.#release = undefined;
      if (reply instanceof ReplyError) this.#host.releaseResult(reply);
      else if (!(reply instanceof Error)) this.#host.releaseResult(undefined);
    });
  }

  // --- the peer asks

  /** 3080 §2.3.1.3 rules 1 to 4: the number says what; code, language and text decide nothing. */
  asked(exchange: ServerExchange, { number }: CloseElement): void {
    const channel = number === 0 ? undefined : this.#host.channels.get(number);
    // B7
    if (number !== 0 && channel === undefined) {
      this.#zero.answer(exchange, this.#zero.error(550, `channel ${number} does not exist`));
      return;
    }
    const withdrawn = this.#withdraw(channel);
    const isPossible = channel === undefined ? this.#host.releaseAsked() : channel.take('asked');
    if (!isPossible) {
      this.#zero.answer(exchange, this.#zero.error(550, 'still working'));
      return;
    }
    const channels = channel === undefined ? [...this.#host.channels.values()] : [channel];
    const asked: AskedClose = {
      exchange,
      channel,
      unfinishedHandlers: channels.length,
      deadline: this.#host.now() + this.#host.limits.closeWaitMs,
      results: withdrawn,
    };
    this.#asked = asked;
    for (const { handler } of channels) {
      let isDone = false;
      const done = (): void => {
        if (isDone) return;
        isDone = true;
        asked.unfinishedHandlers -= 1;
        this.#host.attention();
      };
      if (handler.closing === undefined) done();
      else handler.closing(done);
    }
    this.#host.attention();
  }

  /** A close of ours that has not left gives way to the peer's. */
  #withdraw(channel: BeepChannel | undefined): CloseResult[] {
    const own = this.#waiting?.find((close) => close.channel === channel);
    if (own === undefined) return [];
    this.#waiting = without(this.#waiting, own);
    own.channel.take('withdraw');
    return own.results;
  }

  /** 3080 §2.3.1.3 rules 5 to 7: nothing of ours queued or unanswered, nothing of the peer's unanswered. */
  #isReady({ channel, unfinishedHandlers }: AskedClose): boolean {
    if (channel !== undefined)
      return channel.state === 'closed' || (unfinishedHandlers === 0 && channel.isIdle);
    if (unfinishedHandlers > 0) return false;
    for (const other of this.#host.channels.values()) if (!other.isIdle) return false;
    // Two releases that cross do not wait for each other.
    return this.#zero.channel.outstanding === (this.#release?.isSent ? 1 : 0);
  }

  /** 3080 §2.3.1.3 rule 8: all replies have left, so the ok is behind them. */
  #agree(asked: AskedClose): void {
    this.#asked = undefined;
    const { exchange, channel, results } = asked;
    exchange.onSent = () => {
      if (channel === undefined) {
        this.#host.releaseAnswered(true);
      } else if (channel.state !== 'closed') {
        channel.take('agree');
        this.#host.channelClosed(channel);
      }
      this.#told = this.#told?.concat(results) ?? results;
      this.#host.attention();
    };
    this.#zero.answer(exchange, { kind: 'ok' });
  }

  // B10, 3080 §2.3.1.3 rule 13, §2.3.1.5 rule 5
  #decline({ exchange, channel, results }: AskedClose): void {
    this.#asked = undefined;
    if (channel === undefined) this.#host.releaseAnswered(false);
    else channel.take('decline');
    this.#zero.answer(exchange, this.#zero.error(550, 'still working'));
    tell(results, { replyCode: 550, text: 'still working' });
  }

  // --- progress and time

  progress(): void {
    if (this.#told !== undefined) {
      const told = this.#told;
      this.#told = undefined;
      tell(told, undefined);
    }
    if (this.#waiting !== undefined) {
      const ready = this.#waiting.filter(({ channel }) => channel.outstanding === 0);
      for (const close of ready) {
        this.#waiting = without(this.#waiting, close);
        if (close.channel.state === 'closed') tell(close.results, undefined);
        else this.#sendClose(close);
      }
    }
    if (this.#release?.isSent === false && this.#areChannelsQuiet()) this.#sendRelease();
    if (this.#asked !== undefined && this.#isReady(this.#asked)) this.#agree(this.#asked);
  }

  #areChannelsQuiet(): boolean {
    for (const { outstanding } of this.#host.channels.values()) if (outstanding > 0) return false;
    return this.#zero.channel.outstanding === 0;
  }

  get deadline(): number | undefined {
    const asked = this.#asked?.deadline;
    const release = this.#release?.deadline;
    if (asked === undefined) return release;
    return release === undefined ? asked : Math.min(asked, release);
  }

  tick(now: number): void {
    if (this.#asked !== undefined && now >= this.#asked.deadline) this.#decline(this.#asked);
    if (this.#release !== undefined && now >= this.#release.deadline) {
      // What waits for a reply is given up: the peer may agree all the same.
      if (!this.#release.isSent) this.#sendRelease();
      else this.#host.fail(new SessionLostError('the peer did not answer the release'));
    }
  }
}

function tell(results: readonly CloseResult[], refusal: Parameters<CloseResult>[0]): void {
  for (const onResult of results) onResult(refusal);
}

function without(closes: OwnClose[] | undefined, close: OwnClose): OwnClose[] | undefined {
  const rest = closes?.filter((other) => other !== close);
  return rest?.length === 0 ? undefined : rest;
}
