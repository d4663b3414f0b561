import type { SessionFacts } from '@apex/beep';
import type { RelayLink } from './ports.ts';

/** One unterminated attach operation: an application bound as an endpoint on one channel (RFC 3340 §4.4.1). */
export interface Attachment {
  readonly kind: 'attachment';
  readonly endpoint: string;
  readonly transID: number;
  readonly channel: RelayChannel;
}

/** One unterminated bind operation: a relay accepted as serving an administrative domain (RFC 3340 §4.4.2). */
export interface Binding {
  readonly kind: 'binding';
  readonly domain: string;
  readonly transID: number;
}

/** What the relay knows of one BEEP session (RFC 3340 §2.1): its APEX channels. */
export class RelaySession {
  /** Read anew each time: authentication changes it. */
  readonly facts: () => SessionFacts;
  /** What administrators call it. */
  readonly name: string;
  readonly channels = new Set<RelayChannel>();
  /**
   * C2: the domain whose relay we dialled, once it has authenticated itself; undefined for a peer that came to us.
   * It counts as bound.
   */
  readonly dialled: string | undefined;
  /** Deliveries that the peer has not acknowledged, on all channels. */
  unacknowledged = 0;
  /** It kept deliveries waiting, and is about to end (C13). */
  isStalled = false;

  constructor(facts: () => SessionFacts, name = '', dialled?: string) {
    this.facts = facts;
    this.name = name;
    this.dialled = dialled;
  }

  /** Whether nobody knows who the peer is (RFC 4505). */
  get isGuest(): boolean {
    return this.facts().identity?.mechanism === 'ANONYMOUS';
  }

  /** Attachments and bindings that have not ended. */
  get associations(): number {
    let associations = 0;
    for (const { operations } of this.channels) associations += operations.size;
    return associations;
  }

  /** Endpoints that are attached on it. */
  get endpoints(): readonly string[] {
    const endpoints = new Set<string>();
    for (const { operations } of this.channels) {
      for (const operation of operations.values()) {
        if (operation.kind === 'attachment') endpoints.add(operation.endpoint);
      }
    }
    return [...endpoints];
  }

  /** Payload octets that the peer has not taken yet. */
  get unsentOctets(): number {
    let octets = 0;
    for (const { link } of this.channels) octets += link.unsentOctets;
    return octets;
  }
}

/** One APEX channel: the scope of the transaction-identifiers of attach and bind (RFC 3340 §6.1.1 rule 1, C1). */
export class RelayChannel {
  readonly session: RelaySession;
  readonly link: RelayLink;
  /** Unterminated operations by transID. */
  readonly operations = new Map<number, Attachment | Binding>();
  /** Domains for which we have bound ourselves on it, by transID; made for channels with relays. */
  ours: Map<number, string> | undefined = undefined;
  readonly deliveries = new Deliveries();

  constructor(session: RelaySession, link: RelayLink) {
    this.session = session;
    this.link = link;
  }
}

/** When each unacknowledged delivery of a channel was sent; acknowledgements come in that order. */
export class Deliveries {
  #sentAt: number[] = [];
  #head = 0;

  sent(now: number): void {
    this.#sentAt.push(now);
  }

  acknowledged(): void {
    this.#head += 1;
    if (this.#head === this.#sentAt.length) {
      this.#sentAt.length = 0;
      this.#head = 0;
    } else if (this.#head >= 1024) {
      // Keeps the cost of forgetting constant on a channel that never runs dry.
      this.#sentAt = this.#sentAt.slice(this.#head);
      this.#head = 0;
    }
  }

  /** Those that are not acknowledged. */
  get size(): number {
    return this.#sentAt.length - this.#head;
  }

  /** When the oldest unacknowledged delivery was sent; undefined when there is none. */
  get oldest(): number | undefined {
    return this.#sentAt[this.#head];
  }
}
