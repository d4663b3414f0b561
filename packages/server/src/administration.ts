import { UsageError } from '@apex/beep';
import { formatTimestamp, isService, parseTuples, type TimestampSuffix } from '@apex/protocol';
import { credentialsFor } from './credentials/mechanism-credentials.ts';
import type { MechanismName } from './credentials/mechanism-names.ts';
import {
  type AccessEntryView,
  type EntriesPage,
  exportPage,
  exportSubject,
  type ImportedEntry,
  type ImportResult,
  importEntry,
  type PresenceEntryView,
  type SubjectEntries,
} from './entries.ts';
import type { Credentials } from './store/ports.ts';
import type { SubjectAdministration } from './subject/administration.ts';
import type { SubjectOwner } from './subject/owner.ts';

/** A presence entry with the operations in progress on it. */
export interface PresenceView extends PresenceEntryView {
  readonly operations: readonly {
    readonly kind: 'subscribe' | 'watch';
    readonly originator: string;
    readonly transID: number;
    /** RFC 3339. */
    readonly until: string;
  }[];
}

/** How far long work is: what is being done, and how many of how many things are done. */
export type ReportProgress = (progress: {
  readonly step: string;
  readonly done: number;
  readonly total: number;
}) => void;

const PAGE = 1000;

/**
 * What administrators do to the endpoints of a server: provisioning with passwords, access
 * entries, a look at presence. Each promise resolves once the change is durable. It rejects with
 * UsageError (`endpoint.…`, `access.…`, `password.…`) for a request that cannot be carried out as
 * it stands, and with ReplyError 451 when the store failed.
 */
export class Administration {
  readonly #subjects: SubjectAdministration;
  readonly #owner: SubjectOwner;
  readonly #iterations: number;
  readonly #mechanisms: readonly MechanismName[];
  readonly #suffix: TimestampSuffix;

  constructor(options: {
    readonly subjects: SubjectAdministration;
    readonly owner: SubjectOwner;
    /** PBKDF2 iterations of new credentials. */
    readonly iterations: number;
    /** For which credentials are kept. */
    readonly mechanisms: readonly MechanismName[];
    readonly suffix: TimestampSuffix;
  }) {
    this.#subjects = options.subjects;
    this.#owner = options.owner;
    this.#iterations = options.iterations;
    this.#mechanisms = options.mechanisms;
    this.#suffix = options.suffix;
  }

  /** @throws UsageError `endpoint.exists`, `endpoint.name`, `endpoint.reserved`, `endpoint.subaddress`, `endpoint.domain`, `password.…` */
  async addEndpoint(endpoint: string, password: string): Promise<void> {
    const name = this.#subjects.nameOf(endpoint);
    await this.#subjects.provision(name, await this.#derive(name, password));
  }

  /**
   * Provisions many endpoints; those that exist get the new password, and of one that stands there twice
   * the last password counts. Names and passwords are checked first, so that a wrong one changes nothing. `report` is
   * told of each endpoint.
   */
  async importEndpoints(
    entries: readonly { readonly endpoint: string; readonly password: string }[],
    report: ReportProgress = () => {},
  ): Promise<void> {
    const passwords = new Map(
      entries.map(({ endpoint, password }) => [this.#subjects.nameOf(endpoint), password]),
    );
    const counting = (step: string): (() => void) => {
      let done = 0;
      return () => report({ step, done: ++done, total: passwords.size });
    };
    const wasDerived = counting('deriving passwords');
    const derived = await inPages([...passwords], async ([name, password]) => {
      const credentials = await this.#derive(name, password);
      wasDerived();
      return [name, credentials] as const;
    });
    const wasPut = counting('provisioning');
    await inPages(derived, async ([name, credentials]) => {
      await this.#put(name, credentials);
      wasPut();
    });
  }

  async #put(name: string, credentials: Credentials): Promise<void> {
    if (await this.#subjects.exists(name)) await this.#subjects.setCredentials(name, credentials);
    else await this.#subjects.provision(name, credentials);
  }

  /** All endpoints but the services, in code unit order. */
  async listEndpoints(): Promise<readonly string[]> {
    const all: string[] = [];
    for (let after = ''; ; ) {
      const page = await this.#subjects.listEndpoints(after, PAGE);
      all.push(...page.filter((endpoint) => !isService(endpoint)));
      if (page.length < PAGE) return all;
      after = page.at(-1)!;
    }
  }

  /** P12, A8. @throws UsageError `endpoint.unknown` */
  removeEndpoint(endpoint: string): Promise<void> {
    return this.#subjects.remove(endpoint);
  }

  /** @throws UsageError `endpoint.unknown`, `password.…` */
  async setPassword(endpoint: string, password: string): Promise<void> {
    const name = this.#subjects.nameOf(endpoint);
    await this.#subjects.setCredentials(name, await this.#derive(name, password));
  }

  /** @throws UsageError `endpoint.unknown`, `access.actor`, `access.actions` */
  setAccess(owner: string, actor: string, actions: readonly string[]): Promise<void> {
    return this.#subjects.setAccess(owner, actor, actions);
  }

  /** The explicit entries of one owner. @throws UsageError `endpoint.unknown` */
  async listAccess(owner: string): Promise<readonly AccessEntryView[]> {
    const records = await this.#subjects.listAccess(owner);
    return records.flatMap(({ owner, actor, actions, lastUpdate }) =>
      actions === undefined ? [] : [{ owner, actor, actions, lastUpdate: this.#timestamp(lastUpdate) }],
    );
  }

  /** @throws UsageError `endpoint.unknown`, `access.unknown` */
  removeAccess(owner: string, actor: string): Promise<void> {
    return this.#subjects.removeAccess(owner, actor);
  }

  /** @throws UsageError `endpoint.unknown` */
  async showPresence(endpoint: string): Promise<PresenceView> {
    const presence = await this.#subjects.showPresence(endpoint);
    return {
      publisher: presence.endpoint,
      lastUpdate: this.#timestamp(presence.lastUpdate),
      publisherInfo: presence.publisherInfo,
      tuples: parseTuples(presence.tuplesXml),
      operations: await this.#operationsOn(presence.endpoint),
    };
  }

  /**
   * Entries of all endpoints, page by page: those of the endpoints behind `after` in code unit order. Each endpoint is
   * as it was at one moment, and what changes meanwhile may or may not be there.
   */
  exportPage(after: string): Promise<EntriesPage> {
    return exportPage(this.#subjects, after, (ms) => this.#timestamp(ms));
  }

  /** @throws UsageError `endpoint.unknown` */
  exportSubject(endpoint: string): Promise<SubjectEntries> {
    return exportSubject(this.#subjects, endpoint, (ms) => this.#timestamp(ms));
  }

  /**
   * Imports entries of endpoints that are there, each by itself; what became of them, in their order. One that is newer
   * here stays, unless `replace`; who subscribes learns of a presence entry as of a publish.
   */
  importEntries(entries: readonly ImportedEntry[], replace: boolean): Promise<readonly ImportResult[]> {
    return inPages(entries, (entry) => importEntry(this.#subjects, entry, replace));
  }

  #operationsOn(endpoint: string): Promise<PresenceView['operations']> {
    return new Promise((resolve, reject) => {
      this.#owner.look(endpoint, (state) => {
        if (state === undefined)
          return reject(new UsageError('endpoint.unreadable', `${endpoint} cannot be read`));
        const operations = [...state.list('subscribe'), ...state.list('watch')];
        resolve(
          operations.map(({ kind, originator, transID, deadline }) => ({
            kind,
            originator,
            transID,
            until: this.#timestamp(deadline),
          })),
        );
      });
    });
  }

  #derive(name: string, password: string): Promise<Credentials> {
    return credentialsFor(this.#mechanisms, name, password, this.#iterations);
  }

  #timestamp(ms: number): string {
    return formatTimestamp(ms, { suffix: this.#suffix });
  }
}

/** Some at a time: each holds memory and a place in a queue. */
async function inPages<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (let from = 0; from < items.length; from += PAGE) {
    results.push(...(await Promise.all(items.slice(from, from + PAGE).map(work))));
  }
  return results;
}
