import type { ReplyError, SessionFacts } from '@apex/beep';
import { beepXml } from '@apex/beep';
import { type DataMessage, type Option, parent, parseDataMessage } from '@apex/protocol';
import { VirtualClock } from '@apex/vitest/virtual-clock';
import { attach } from '../../src/relay/attach.ts';
import { data } from '../../src/relay/data.ts';
import { octetsOf } from '../../src/relay/payload.ts';
import type {
  AccessPolicy,
  AccessVerdict,
  Payload,
  RelayLink,
  Report,
  ServiceData,
} from '../../src/relay/ports.ts';
import { Relay, type RelayOptions } from '../../src/relay/relay.ts';
import { RelayChannel, RelaySession } from '../../src/relay/relay-session.ts';
import { MemoryStore } from '../../src/store/memory/memory-store.ts';
import type { Store } from '../../src/store/ports.ts';

/** A relay of example.com between scripted ports, and what passed through them. */
export class Stage {
  readonly clock: VirtualClock;
  readonly store: Store;
  /** Verdicts by `owner actor action`; what is not named is allowed. */
  readonly verdicts = new Map<string, AccessVerdict>();
  readonly served: ServiceData[] = [];
  readonly reported: Report[] = [];
  /** Data for other domains. */
  readonly forwarded: {
    domain: string;
    originator: string;
    withinMs: number | undefined;
    text: string;
    acknowledge: (failure?: Error) => void;
  }[] = [];
  /** Domains whose relays may send for originators of others. */
  readonly trusted = new Set<string>();
  /** What the mesh was told of bindings that stand. */
  readonly bindings: { readonly channel: RelayChannel; readonly domain: string }[] = [];
  readonly relay: Relay;
  /** When set, verdicts wait in it. */
  held: (() => void)[] | undefined;

  constructor(
    limits: RelayOptions['limits'] = {},
    options: Partial<RelayOptions> & { readonly clock?: VirtualClock; readonly store?: Store } = {},
  ) {
    this.clock = options.clock ?? new VirtualClock();
    this.store = options.store ?? new MemoryStore();
    const names = ['fred', 'wilma', 'barney', 'betty'].map((name) => `${name}@example.com`);
    void this.store.commit(names.map((endpoint) => ({ kind: 'put-endpoint', endpoint, createdAt: 0 })));
    const verdictOf = (owner: string, actor: string, action: string): AccessVerdict =>
      this.verdicts.get(`${owner} ${actor} ${action}`) ?? 'allowed';
    const access: AccessPolicy = {
      verdict: (owner, actor, action) =>
        this.held === undefined ? verdictOf(owner, actor, action) : undefined,
      check: (owner, actor, action, decided) => {
        const decide = (): void => decided(verdictOf(owner, actor, action));
        if (this.held === undefined) decide();
        else this.held.push(decide);
      },
    };
    this.relay = new Relay({
      domains: ['example.com'],
      access,
      reports: { report: (report) => void this.reported.push(report) },
      mesh: {
        forward: ({ domain, originator, payload, withinMs }, acknowledge) =>
          void this.forwarded.push({
            domain,
            originator,
            withinMs,
            text: new TextDecoder().decode(payload),
            acknowledge: acknowledge,
          }),
        mayBind: (session, domain) => session.facts().identity?.authorization === domain,
        isTrusted: (domain) => this.trusted.has(domain),
        bound: (channel, domain) => void this.bindings.push({ channel, domain }),
        ended: () => {},
        unbound: (channel, domain) => {
          const left = this.bindings.filter(
            (binding) => binding.channel !== channel || (domain !== undefined && binding.domain !== domain),
          );
          this.bindings.splice(0, Number.POSITIVE_INFINITY, ...left);
        },
      },
      limits,
      ...options,
      clock: this.clock,
      store: this.store,
    });
    this.relay.addService({ name: 'presence', receive: (data) => void this.served.push(data) });
  }

  /** Waits for what happens in turns of the event loop, not by the clock. */
  async until(isSo: () => boolean): Promise<void> {
    while (!isSo()) await new Promise<void>((resolve) => setImmediate(resolve));
  }

  /** A session whose peer authenticated as `identity`. */
  session(identity?: string, mechanism = 'PLAIN', serverName?: string): RelaySession {
    const facts: SessionFacts = {
      role: 'listener',
      secured: false,
      remoteAddress: 'test:1',
      localize: [],
      ...(serverName === undefined ? {} : { serverName }),
      ...(identity === undefined ? {} : { identity: { mechanism, authorization: identity } }),
    };
    return new RelaySession(() => facts);
  }

  /** An application that authenticated and attached as `endpoint` on a session of its own. */
  attached(endpoint: string): { channel: RelayChannel; link: FakeLink } {
    const at = this.channel(this.session(parent(endpoint)));
    attach(this.relay, at.channel, { kind: 'attach', endpoint, transID: 1, options: [] }, () => {});
    return at;
  }

  /** Data from one who is attached; what it was answered, once it was. */
  send(at: { channel: RelayChannel }, ...of: Parameters<typeof message>): Answers {
    const answers = new Answers();
    data(this.relay, at.channel, message(...of), answers.take);
    return answers;
  }

  channel(session: RelaySession): { channel: RelayChannel; link: FakeLink } {
    const link = new FakeLink();
    const channel = new RelayChannel(session, link);
    this.relay.opened(channel);
    return { channel, link };
  }
}

export class FakeLink implements RelayLink {
  unsentOctets = 0;
  readonly sent: { text: string; acknowledge: (failure?: Error) => void }[] = [];
  readonly terminated: { transID: number; code: number }[] = [];
  aborted: Error | undefined;

  sendData(payload: Payload, acknowledged: (failure: Error | undefined) => void): void {
    this.sent.push({ text: new TextDecoder().decode(octetsOf(payload)), acknowledge: acknowledged });
  }

  sendTerminate(transID: number, code: number): void {
    this.terminated.push({ transID, code });
  }

  abort(reason: Error): void {
    this.aborted = reason;
  }
}

/** Remembers how an operation was answered: `ok`, or the reply code. */
export class Answers {
  readonly given: ('ok' | number)[] = [];
  /** Resolves with the first answer. */
  readonly settled: Promise<void>;
  readonly take: (refusal: ReplyError | undefined) => void;

  constructor() {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.settled = promise;
    this.take = (refusal) => {
      this.given.push(refusal === undefined ? 'ok' : refusal.replyCode);
      resolve();
    };
  }
}

export function option(internal: string, more: Partial<Option> = {}): Option {
  return {
    internal,
    targetHop: 'final',
    mustUnderstand: false,
    localize: [],
    content: '',
    ...more,
  } as Option;
}

/** A message as it comes from a peer. A recipient is an identity, or the whole element. */
export function message(
  originator: string,
  recipients: readonly string[],
  options = '',
  content = '<hello  a="1"/>',
): DataMessage {
  const xml = `<data content='#Content'><originator identity='${originator}' />${recipients
    .map((recipient) => (recipient.startsWith('<') ? recipient : `<recipient identity='${recipient}' />`))
    .join('')}${options}<data-content Name='Content'>${content}</data-content></data>`;
  return parseDataMessage(beepXml(xml));
}
