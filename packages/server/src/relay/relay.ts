import { ReplyError } from '@apex/beep';
import { parent } from '@apex/protocol';
import type { Clock } from '../clock.ts';
import type { RelayLimitName } from '../figures/limit-name.ts';
import { Scheduler } from '../scheduler.ts';
import type { Tracing } from '../tracing.ts';
import { Attachments } from './attachments.ts';
import { newCounters, type RelaySizes } from './counters.ts';
import { HeldData, type HeldLimits, type HeldStore } from './held/held-data.ts';
import { defaultRelayLimits, type RelayLimits } from './limits.ts';
import type { MeshPort } from './mesh-port.ts';
import type { RelayOption } from './options/option.ts';
import { OptionRegistry } from './options/option-registry.ts';
import { standardOptions } from './options/standard-options.ts';
import type { PassageTimer } from './passage.ts';
import { Passages } from './passages.ts';
import type { AccessPolicy, AccessVerdict, Payload, ReportPort, ServicePort } from './ports.ts';
import type { Attachment, RelayChannel, RelaySession } from './relay-session.ts';

/** What a delivery costs at least until it is acknowledged, whether or not its octets have left. */
const DELIVERY_OCTETS = 256;

/** What happened to one recipient (RFC 3340 §4.4.4.1 step 5): undefined when it answered `ok`. */
export type Settled = (failure: Error | undefined) => void;

export interface RelayOptions {
  /** In lower case; at least one. */
  readonly domains: readonly string[];
  readonly access: AccessPolicy;
  readonly clock: Clock;
  /** Where held data is kept. */
  readonly store: HeldStore;
  readonly reports: ReportPort;
  /** Without it there is no way to other domains. */
  readonly mesh?: MeshPort | undefined;
  /** Options beside those of RFC 3340 and RFC 3342; one with the name of such an option takes its place. */
  readonly options?: readonly RelayOption[] | undefined;
  /** Registered names of options that are treated as unknown (RFC 3342 §7). */
  readonly disabledOptions?: readonly string[] | undefined;
  readonly limits?: Partial<RelayLimits> | undefined;
  readonly tracing?: Tracing | undefined;
}

/**
 * The relay of one administrative domain or several (RFC 3340): who is attached, and the way of data to its
 * recipients. Attach, bind, terminate and data stand in files of their own; this one holds what
 * they share: the attachments, and delivery with its acknowledgement.
 */
export class Relay {
  /** In lower case. */
  readonly domains: readonly string[];
  readonly access: AccessPolicy;
  readonly attachments = new Attachments();
  readonly counters = newCounters();
  readonly options: OptionRegistry;
  readonly passages: Passages;
  readonly held: HeldData;
  readonly mesh: MeshPort | undefined;
  readonly tracing: Tracing | undefined;
  /** Those with an APEX channel. */
  readonly sessions = new Set<RelaySession>();
  /** From now on nobody attaches or binds. */
  isClosing = false;
  readonly #services = new Map<string, ServicePort>();
  readonly #limits: Omit<RelayLimits, keyof HeldLimits>;
  readonly #clock: Clock;
  readonly #timers: Scheduler<PassageTimer>;
  /** Channels with unacknowledged deliveries. */
  readonly #waiting = new Set<RelayChannel>();
  /** Channels that were told to go and whose session ends with the next tick. */
  readonly #leaving = new Set<RelayChannel>();

  constructor(options: RelayOptions) {
    const { domains, access, clock, store, reports, mesh, limits } = options;
    this.domains = domains;
    this.access = access;
    this.mesh = mesh;
    this.tracing = options.tracing;
    this.#clock = clock;
    this.#limits = { ...defaultRelayLimits, ...limits };
    this.#timers = new Scheduler(clock, (timer) => timer.run());
    // 3342 §7 rule 1, 3340 §11 rule 1
    this.options = new OptionRegistry(
      [...standardOptions, ...(options.options ?? [])].filter(
        ({ name }) => !('internal' in name && options.disabledOptions?.includes(name.internal) === true),
      ),
    );
    this.passages = new Passages(
      {
        domains,
        timers: this.#timers,
        now: () => clock.monotonic(),
        report: (report) => reports.report(report),
      },
      this.options,
    );
    this.held = new HeldData({
      store,
      clock,
      passages: this.passages,
      outlet: {
        check: (recipient, originator, decided) => this.allowed(recipient, originator, decided),
        session: (recipient) => this.attachments.find(recipient)?.channel.session,
        transmit: (recipient, encode, settled) => this.transmit(recipient, encode, settled),
      },
      limits,
      tally: this.counters.limits,
    });
  }

  /** What waits at peers now. */
  get sizes(): RelaySizes {
    let unsentOctets = 0;
    let unacknowledged = 0;
    for (const channel of this.#waiting) {
      unsentOctets += channel.link.unsentOctets;
      unacknowledged += channel.deliveries.size;
    }
    return { unsentOctets, unacknowledged };
  }

  /** Monotonic milliseconds. */
  now(): number {
    return this.#clock.monotonic();
  }

  /** Takes up held data; called once, before anything else. Rejects with StoreError. */
  start(): Promise<void> {
    return this.held.start();
  }

  /** Ends the deadlines; resolves when what was delivered is no longer in the store. */
  stop(): Promise<void> {
    this.#timers.stop();
    return this.held.close();
  }

  /** Whether a domain, in lower case, is its own. */
  serves(domain: string): boolean {
    return this.domains.includes(domain);
  }

  /** To the relay a service is an attachment like any other (RFC 3340 §6); it has an endpoint in each domain. */
  addService(service: ServicePort): void {
    for (const domain of this.domains) this.#services.set(`apex=${service.name}@${domain}`, service);
  }

  service(endpoint: string): ServicePort | undefined {
    return this.#services.get(endpoint);
  }

  opened(channel: RelayChannel): void {
    channel.session.channels.add(channel);
    this.sessions.add(channel.session);
  }

  /** Attachments and bindings that have not ended. */
  get associations(): number {
    let associations = 0;
    for (const session of this.sessions) associations += session.associations;
    return associations;
  }

  /** Why a session may attach and bind no more; undefined while it may. */
  mayNot(session: RelaySession): ReplyError | undefined {
    // A transient failure: clients try again, and find the next server.
    if (this.isClosing) return new ReplyError(421, 'the server is about to stop; try again');
    const { guests } = this.#limits;
    const attachmentsPerSession = session.isGuest ? 1 : this.#limits.attachmentsPerSession;
    if (session.associations >= attachmentsPerSession) {
      this.counters.limits.add('attachmentsPerSession');
      return new ReplyError(554, `a session may attach and bind ${attachmentsPerSession} times`);
    }
    if (session.isGuest && this.attachments.guests >= guests) {
      this.counters.limits.add('guests');
      return new ReplyError(554, `${guests} guests are attached already; try again later`);
    }
    return undefined;
  }

  isOpen(channel: RelayChannel): boolean {
    return channel.session.channels.has(channel);
  }

  /** The channel is gone; what was attached and bound on it ends with it (B10). */
  closed(channel: RelayChannel): void {
    this.endOperations(channel);
    this.mesh?.unbound(channel);
    channel.session.channels.delete(channel);
    if (channel.session.channels.size === 0) this.sessions.delete(channel.session);
    this.#waiting.delete(channel);
    this.#leaving.delete(channel);
  }

  /** Ends all attachments and bindings of one channel, without a word to the peer. */
  endOperations(channel: RelayChannel): readonly Attachment[] {
    const ended: Attachment[] = [];
    for (const operation of channel.operations.values()) {
      if (operation.kind !== 'attachment') continue;
      this.attachments.remove(operation);
      ended.push(operation);
    }
    const bound = [...channel.operations.values()].filter((operation) => operation.kind === 'binding');
    channel.operations.clear();
    for (const { domain } of bound) this.mesh?.unbound(channel, domain);
    // C3: an earlier attachment of the session may receive again.
    for (const { endpoint } of ended) {
      if (this.attachments.find(endpoint) !== undefined) this.held.attached(endpoint);
    }
    return ended;
  }

  /** Ends one attachment or binding, without a word to the peer. */
  endOperation(channel: RelayChannel, transID: number): void {
    const operation = channel.operations.get(transID);
    channel.operations.delete(transID);
    if (operation?.kind === 'attachment') this.attachments.remove(operation);
    else if (operation !== undefined) this.#unbound(channel, operation.domain);
  }

  /** A binding of the channel has ended; another one may be for the same domain. */
  #unbound(channel: RelayChannel, domain: string): void {
    for (const operation of channel.operations.values()) {
      if (operation.kind === 'binding' && operation.domain === domain) return;
    }
    this.mesh?.unbound(channel, domain);
  }

  /** Terminates every attachment as exactly `endpoint` and tells its application why. */
  detach(endpoint: string, code: number, text: string): void {
    for (const attachment of this.attachments.of(endpoint)) {
      this.attachments.remove(attachment);
      attachment.channel.operations.delete(attachment.transID);
      attachment.channel.link.sendTerminate(attachment.transID, code, text);
    }
  }

  /** Terminates all that is attached on a session, and tells why. */
  detachSession(session: RelaySession, code: number, text: string): void {
    for (const channel of session.channels) {
      for (const { transID } of this.endOperations(channel)) channel.link.sendTerminate(transID, code, text);
    }
  }

  /** As `detach`, of an endpoint and all its subaddresses (P12). */
  detachAll(endpoint: string, code: number, text: string): void {
    const affected = [...this.attachments.endpoints()].filter(
      (attached) => attached === endpoint || parent(attached) === endpoint,
    );
    for (const attached of affected) this.detach(attached, code, text);
  }

  /**
   * Step 5.3 for one recipient of this domain: the access check, then the delivery of the
   * new `data` element, whose payload is made only when it is sent. What is not delivered is
   * dropped; `settled` tells those who asked (C4).
   */
  deliver(originator: string, recipient: string, payload: Payload, settled: Settled): void {
    // 3340 §4.4.4.1 step 5.3, 3340 §4.5.1 rule 3
    const verdict = this.access.verdict(recipient, originator, 'core:data');
    if (verdict !== undefined) return this.#decided(verdict, recipient, payload, settled);
    this.access.check(recipient, originator, 'core:data', (late) =>
      this.#decided(late, recipient, payload, settled),
    );
  }

  #decided(verdict: AccessVerdict, recipient: string, payload: Payload, settled: Settled): void {
    const refusal = refusalOf(verdict, recipient);
    if (refusal === undefined) this.transmit(recipient, payload, settled);
    else this.drop(refusal, settled);
  }

  /** Whether `recipient` lets `originator` send it data; decided at once when its entries are in memory. */
  allowed(recipient: string, originator: string, decided: (refusal: ReplyError | undefined) => void): void {
    const verdict = this.access.verdict(recipient, originator, 'core:data');
    if (verdict !== undefined) return decided(refusalOf(verdict, recipient));
    this.access.check(recipient, originator, 'core:data', (late) => decided(refusalOf(late, recipient)));
  }

  /** Sends to the application that is attached as the recipient; the access check is the caller's. */
  transmit(recipient: string, payload: Payload, settled: Settled): void {
    const attachment = this.attachments.find(recipient);
    if (attachment === undefined) this.drop(new ReplyError(550, `${recipient} is not attached`), settled);
    else this.#send(attachment.channel, payload, settled);
  }

  /** An operation of a peer is refused. */
  refused({ replyCode }: ReplyError): void {
    this.counters.refused.add(replyCode);
  }

  /** Data that is not delivered. */
  drop(failure: ReplyError, settled: Settled): void {
    this.counters.undelivered += 1;
    this.counters.dropped.add(failure.replyCode);
    settled(failure);
  }

  #send(channel: RelayChannel, payload: Payload, settled: Settled): void {
    const { unsentOctets } = this.#limits;
    const { session } = channel;
    // Most sessions have one channel, and this is done for each delivery.
    const waiting = session.channels.size === 1 ? channel.link.unsentOctets : session.unsentOctets;
    if (waiting > unsentOctets) {
      this.#stall(channel, `more than ${unsentOctets} octets wait for it`, 'unsentOctets');
      return this.drop(new ReplyError(451, 'the recipient does not read'), settled);
    }
    const deliveries = Math.max(1, Math.floor(unsentOctets / DELIVERY_OCTETS));
    if (session.unacknowledged >= deliveries) {
      this.#stall(channel, `more than ${deliveries} data wait for its answer`, 'unsentOctets');
      return this.drop(new ReplyError(451, 'the recipient does not answer'), settled);
    }
    this.#sent(channel);
    channel.link.sendData(payload, (failure) => {
      this.#answered(channel);
      if (failure === undefined) this.counters.delivered += 1;
      else this.#undelivered(session, failure);
      settled(failure);
    });
  }

  /** Sends data on a channel, whose peer has to answer it in time (C13). How much it is sent is the caller's business. */
  send(channel: RelayChannel, payload: Payload, acknowledged: Settled): void {
    this.#sent(channel);
    channel.link.sendData(payload, (failure) => {
      this.#answered(channel);
      acknowledged(failure);
    });
  }

  #sent(channel: RelayChannel): void {
    channel.deliveries.sent(this.now());
    channel.session.unacknowledged += 1;
    this.#waiting.add(channel);
  }

  #answered(channel: RelayChannel): void {
    channel.deliveries.acknowledged();
    channel.session.unacknowledged -= 1;
  }

  #undelivered(session: RelaySession, failure: Error): void {
    this.counters.undelivered += 1;
    if (session.isStalled) this.counters.overdue += 1;
    else if (failure instanceof ReplyError) this.counters.declined += 1;
    else this.counters.lost += 1;
  }

  /** C13: called about once a second; ends sessions that keep deliveries waiting for too long. */
  tick(): void {
    for (const channel of this.#leaving) {
      channel.link.abort(new ReplyError(451, 'the endpoint did not acknowledge data in time'));
    }
    this.#leaving.clear();
    const latest = this.now() - this.#limits.deliveryMs;
    for (const channel of this.#waiting) {
      const oldest = channel.deliveries.oldest;
      if (oldest === undefined) this.#waiting.delete(channel);
      else if (oldest < latest) {
        this.#stall(channel, `no answer for ${this.#limits.deliveryMs} ms`, 'deliverySeconds');
      }
    }
  }

  /** C13: detached with terminate 451, which gets a moment to leave, then the session ends. */
  #stall(channel: RelayChannel, text: string, limit: RelayLimitName): void {
    if (this.#leaving.has(channel)) return;
    this.counters.stalled += 1;
    this.counters.limits.add(limit);
    channel.session.isStalled = true;
    this.#waiting.delete(channel);
    this.#leaving.add(channel);
    this.mesh?.unbound(channel);
    for (const other of channel.session.channels) {
      for (const attachment of this.endOperations(other)) {
        other.link.sendTerminate(attachment.transID, 451, text);
      }
    }
  }
}

function refusalOf(verdict: AccessVerdict, recipient: string): ReplyError | undefined {
  switch (verdict) {
    case 'allowed':
      return undefined;
    case 'denied':
      return new ReplyError(537, `not allowed to send data to ${recipient}`);
    case 'unknown':
      return new ReplyError(550, `unknown endpoint ${recipient}`);
    case 'failed':
      return new ReplyError(451, 'the access entries could not be read');
  }
}
