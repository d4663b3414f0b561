import { UsageError } from '@apex/beep';
import { domainOf, parseDataMessage, type TimestampSuffix } from '@apex/protocol';
import { Administration } from './administration.ts';
import { type Clock, repeat, systemClock } from './clock.ts';
import { defaultMechanisms, type MechanismName } from './credentials/mechanism-names.ts';
import { defaultScramIterations } from './credentials/scram.ts';
import { domainFigures } from './domain-figures.ts';
import type { Figure } from './figures/figure.ts';
import { Oversight } from './oversight.ts';
import type { RelayCounters } from './relay/counters.ts';
import { originate } from './relay/data.ts';
import type { RelayLimits } from './relay/limits.ts';
import type { MeshPort } from './relay/mesh-port.ts';
import type { RelayOption } from './relay/options/option.ts';
import { octetsOf } from './relay/payload.ts';
import { Relay } from './relay/relay.ts';
import { AccessService } from './services/access/access-service.ts';
import { EffectMessages, type MessageCounters } from './services/effect-messages.ts';
import { OwnService, requireServiceNames, type ServiceDefinition } from './services/own-service.ts';
import { PresenceService } from './services/presence/presence-service.ts';
import { type ReportCounters, ReportService } from './services/report/report-service.ts';
import type { RefusedData } from './services/service.ts';
import type { SessionPlace } from './session-place.ts';
import type { AccessRecord, Store } from './store/ports.ts';
import { StoreMeasurement, type StoreTrouble } from './store-measurement.ts';
import { SubjectAccessPolicy } from './subject/access-policy.ts';
import { type AccessDefault, SubjectAdministration } from './subject/administration.ts';
import type { OwnerCounters } from './subject/counters.ts';
import type { PresenceLimits } from './subject/limits.ts';
import { SubjectOwner } from './subject/owner.ts';
import type { Tracing } from './tracing.ts';

/** The administrative domains that a server is, and what it is told of them. */
export interface DomainOptions {
  /** The administrative domain, or several; they share the store, the sessions and everything else. */
  readonly domain: string | readonly string[];
  readonly store: Store;
  /** Access entries that each new endpoint gets (C8), perhaps by its domain. */
  readonly accessDefaults?: readonly AccessDefault[] | ((domain: string) => readonly AccessDefault[]);
  /** How timestamps end (RFC 3343 §7); default `Z`. */
  readonly timestampSuffix?: TimestampSuffix;
  /**
   * SASL mechanisms on offer, in this order; default SCRAM-SHA-256 and PLAIN. What a mechanism needs of a password
   * is stored when the password is set, so that an endpoint whose password is older than a mechanism is
   * refused there until its password is set again.
   */
  readonly mechanisms?: readonly MechanismName[];
  /** PBKDF2 iterations of new credentials; default 10,000. */
  readonly iterations?: number;
  /**
   * The endpoint of anonymous peers (RFC 4505), provisioned if it is not. Each attaches as a subaddress of it, which no
   * other guest takes over, and has limits of its own.
   */
  readonly guest?: string | undefined;
  readonly limits?: Partial<DomainLimits>;
  readonly clock?: Clock;
  /** Options that the relay understands beside those of RFC 3340 and RFC 3342 (RFC 3340 §5). */
  readonly options?: readonly RelayOption[];
  /** Registered names of options that are treated as unknown (RFC 3342 §7). */
  readonly disabledOptions?: readonly string[];
  /** Services beside those of the RFCs (RFC 3340 §6), each an endpoint in each domain. */
  readonly services?: readonly ServiceDefinition[];
  /** The way to other domains; without it data for them is not delivered. */
  readonly mesh?: MeshPort;
  /** Told what happens when: authentications, data and operations. Absent: nothing of it is done. */
  readonly tracing?: Tracing | undefined;
  /** Told of data that a service refused for what it is, or dropped (P13). */
  readonly onRefused?: (refused: RefusedData) => void;
  /** Told of what a service of `services` has thrown. */
  readonly onServiceFailed?: (service: string, error: unknown) => void;
  /** Told when the store fails, and when it has recovered. */
  readonly onStoreTrouble?: (trouble: StoreTrouble) => void;
  /** Told of each access entry that was set or removed (`actions` undefined), by an originator or by administration. */
  readonly onAccessChanged?: (access: AccessRecord, by: string | undefined) => void;
}

/** Limits of what a domain holds in memory and lets its endpoints do. */
export interface DomainLimits extends PresenceLimits, RelayLimits {
  /** Endpoints held in memory beside those with operations in progress. */
  readonly cachedSubjects: number;
}

/** Administrative domains without a way in: relay, services, subjects and their store. */
export interface Domain {
  readonly relay: Relay;
  readonly administration: Administration;
  readonly counters: DomainCounters;
  /** What goes on in it, with the sessions of these places. */
  oversee(places: () => Iterable<SessionPlace>): Oversight;
  figures(): readonly Figure[];
  /** Ends the deadlines and waits until all decisions are durable. The store stays open. */
  close(): Promise<void>;
}

/** Numbers that only grow. */
export interface DomainCounters {
  readonly relay: Readonly<RelayCounters>;
  readonly subjects: Readonly<OwnerCounters>;
  /** What services have sent. */
  readonly sent: Readonly<MessageCounters>;
  readonly reports: Readonly<ReportCounters>;
}

/** How often the relay looks for endpoints that keep deliveries waiting, in milliseconds. */
const WATCH_MS = 1000;

/** The domains of a server, in lower case. */
export function domainsOf({ domain }: Pick<DomainOptions, 'domain'>): readonly string[] {
  const names = typeof domain === 'string' ? [domain] : domain;
  return [...new Set(names.map((name) => name.toLowerCase()))];
}

/**
 * Puts administrative domains together and loads what is in progress from their store. Rejects with StoreError, and
 * with UsageError `server.domain` where there is none, and `service.name`.
 */
export async function createDomain(options: DomainOptions): Promise<Domain> {
  const { limits = {}, clock = systemClock, timestampSuffix: suffix = 'Z' } = options;
  const measured = new StoreMeasurement(options.store, clock, options.onStoreTrouble);
  const { store } = measured;
  const { services = [], onServiceFailed = ignore } = options;
  requireServiceNames(services);
  const domains = domainsOf(options);
  if (domains.length === 0) throw new UsageError('server.domain', 'a server needs a domain');
  const messages = new EffectMessages(
    {
      send(service, recipient, payload) {
        if (domains.includes(domainOf(recipient))) relay.deliver(service, recipient, payload, ignore);
        // What a service has to tell those of another domain goes the way of all data.
        else originate(relay, parseDataMessage(octetsOf(payload)));
      },
      accessChanged: (access, by) => options.onAccessChanged?.(access, by),
      detach: (endpoint, code, text) => {
        relay.detachAll(endpoint, code, text);
        // A8
        relay.held.removed(endpoint);
      },
    },
    suffix,
  );
  const { guest } = options;
  const owner = new SubjectOwner({
    guest,
    store,
    performer: messages,
    clock,
    limits,
    suffix,
    ...(limits.cachedSubjects === undefined ? {} : { cachedSubjects: limits.cachedSubjects }),
  });
  const { onRefused } = options;
  const served = { performer: messages, ...(onRefused && { onRefused }) };
  const reports = new ReportService({
    ...served,
    originate: (message) => originate(relay, message),
  });
  const relay: Relay = new Relay({
    domains,
    access: new SubjectAccessPolicy(owner),
    clock,
    store,
    reports,
    mesh: options.mesh,
    options: options.options,
    disabledOptions: options.disabledOptions,
    limits,
    tracing: options.tracing,
  });
  const subjects = new SubjectAdministration({
    domains,
    owner,
    store,
    defaults: options.accessDefaults ?? [],
  });
  const standard = [
    reports,
    new PresenceService({ ...served, owner }),
    new AccessService({ ...served, owner }),
  ];
  for (const service of standard) relay.addService(service);
  for (const definition of services) {
    relay.addService(
      new OwnService({
        definition,
        domains,
        originate: (message) => originate(relay, message),
        check: (...asked) => new Promise((decided) => relay.access.check(...asked, decided)),
        failed: onServiceFailed,
      }),
    );
  }

  await owner.start();
  // C7
  for (const domain of domains) {
    for (const name of ['report', 'access', 'presence', ...services.map(({ name }) => name)])
      await subjects.provisionService(name, domain);
  }
  if (guest !== undefined) await subjects.provisionGuest(guest);
  await relay.start();
  const cancel = repeat(clock, WATCH_MS, () => relay.tick());
  return {
    relay,
    administration: new Administration({
      subjects,
      owner,
      iterations: options.iterations ?? defaultScramIterations,
      mechanisms: options.mechanisms ?? defaultMechanisms,
      suffix,
    }),
    counters: {
      relay: relay.counters,
      subjects: owner.counters,
      sent: messages.counters,
      reports: reports.counters,
    },
    oversee: (places) => new Oversight({ relay, owner, subjects, suffix, places }),
    figures: () =>
      domainFigures({
        relay,
        owner,
        messages,
        services: standard,
        reports: reports.counters,
        store: measured,
      }),
    async close() {
      cancel();
      await relay.stop();
      await owner.stop();
    },
  };
}

/** C4, P9: services send as best they can. */
function ignore(): void {}
