import { SessionLostError } from '@apex/beep';
import type { PublishTemplate } from '@apex/protocol';
import { octetsOf } from '../relay/payload.ts';
import type { Payload, RelayLink } from '../relay/ports.ts';
import type { ToEdge } from './messages.ts';
import type { Outbound } from './pipe.ts';

interface Delivery {
  readonly octets: number;
  /** Undefined once it is settled. */
  acknowledged: ((failure: Error | undefined) => void) | undefined;
}

/** A channel of an edge as the relay uses it. What is sent counts as unsent until it is answered. */
export class RemoteLink implements RelayLink {
  readonly #channel: number;
  readonly #out: Outbound<ToEdge>;
  readonly #caughtUp: (then: () => void) => void;
  /** In the order in which they were sent. */
  #deliveries: Delivery[] = [];
  /** Deliveries that are no longer kept. */
  #forgotten = 0;
  /** Of those that are kept, the first that is not settled. */
  #oldest = 0;
  /** By transID: terminates that the peer has not answered. */
  readonly #terminates = new Map<number, () => void>();
  #isGone = false;
  unsentOctets = 0;

  constructor(channel: number, out: Outbound<ToEdge>, caughtUp: (then: () => void) => void) {
    this.#channel = channel;
    this.#out = out;
    this.#caughtUp = caughtUp;
  }

  sendData(payload: Payload, acknowledged: (failure: Error | undefined) => void): void {
    if (this.#isGone) return acknowledged(new SessionLostError('the channel is closed'));
    const octets = this.#say(payload);
    this.#deliveries.push({ octets, acknowledged });
    this.unsentOctets += octets;
  }

  #say(payload: Payload): number {
    const channel = this.#channel;
    if (typeof payload === 'function') {
      const octets = octetsOf(payload);
      this.#out.say({ kind: 'deliver', channel, payload: octets });
      return octets.length;
    }
    const { template, recipient, transID } = payload;
    const { parts } = template;
    const { last } = this.#out;
    if (last?.kind === 'fan-out' && last.parts === parts) {
      last.channels.push(channel);
      last.recipients.push(recipient);
      last.transIDs.push(transID);
    } else {
      const one = { channels: [channel], recipients: [recipient], transIDs: [transID] };
      this.#out.say({ kind: 'fan-out', parts, ...one });
    }
    return sizeOf(template) + recipient.length;
  }

  sendTerminate(transID: number, code: number, text: string, answered?: () => void): void {
    if (this.#isGone) return answered?.();
    if (answered !== undefined) this.#terminates.set(transID, answered);
    this.#out.say({ kind: 'terminate', channel: this.#channel, transID, code, text });
  }

  caughtUp(then: () => void): void {
    this.#caughtUp(then);
  }

  abort(reason: Error): void {
    this.#out.say({ kind: 'abort', channel: this.#channel, text: reason.message });
  }

  /** The oldest delivery that is not settled was answered `ok`. */
  acknowledged(): void {
    const oldest = this.#deliveries[this.#oldest];
    if (oldest !== undefined) this.#settle(oldest, undefined);
  }

  /** `delivery` counts the deliveries of the channel from 0. */
  refused(delivery: number, failure: Error): void {
    const refused = this.#deliveries[delivery - this.#forgotten];
    if (refused !== undefined) this.#settle(refused, failure);
  }

  /** The peer has answered a terminate. */
  terminated(transID: number): void {
    const answered = this.#terminates.get(transID);
    this.#terminates.delete(transID);
    answered?.();
  }

  /** The channel is gone, and with it all answers. */
  lost(): void {
    this.#isGone = true;
    for (const transID of [...this.#terminates.keys()]) this.terminated(transID);
    for (const delivery of this.#deliveries.slice(this.#oldest)) {
      if (delivery.acknowledged !== undefined) {
        this.#settle(delivery, new SessionLostError('the session ended before the reply'));
      }
    }
  }

  #settle(delivery: Delivery, failure: Error | undefined): void {
    const { octets, acknowledged } = delivery;
    if (acknowledged === undefined) return;
    delivery.acknowledged = undefined;
    this.unsentOctets -= octets;
    this.#forget();
    acknowledged(failure);
  }

  /** Keeps the cost of forgetting constant on a channel that never runs dry. */
  #forget(): void {
    const deliveries = this.#deliveries;
    while (this.#oldest < deliveries.length && deliveries[this.#oldest]?.acknowledged === undefined) {
      this.#oldest += 1;
    }
    if (this.#oldest < deliveries.length && this.#oldest < 1024) return;
    this.#deliveries = deliveries.slice(this.#oldest);
    this.#forgotten += this.#oldest;
    this.#oldest = 0;
  }
}

function sizeOf({ parts }: PublishTemplate): number {
  return parts.head.length + parts.middle.length + parts.tail.length;
}
