import { UsageError } from '@apex/beep';
import {
  actorOf,
  domainOf,
  identityOf,
  isAction,
  isService,
  isSubaddress,
  literalActor,
  parent,
} from '@apex/protocol';
import type { AccessRecord, Credentials, PresenceRecord, Store } from '../store/ports.ts';
import type {
  AdministrationInput,
  Answer,
  DatedAccess,
  DatedEntry,
  ImportOutcome,
  Provision,
} from './input.ts';
import type { SubjectOwner } from './owner.ts';
import { ownEntry } from './provision.ts';

/** An access entry without its owner. */
export interface AccessDefault {
  readonly actor: string;
  readonly actions: readonly string[];
}

type Ask = AdministrationInput extends infer Input
  ? Input extends { readonly answer: Answer }
    ? Omit<Input, 'answer'>
    : never
  : never;

/**
 * What administrators do to the endpoints of a server. Each promise resolves once the change is
 * durable; it rejects with UsageError for a request that cannot be carried out as it stands, and with
 * ReplyError 451 when the store failed.
 */
export class SubjectAdministration {
  readonly #domains: readonly string[];
  readonly #owner: SubjectOwner;
  readonly #store: Store;
  readonly #defaults: ReadonlyMap<string, readonly AccessDefault[]>;

  constructor(options: {
    /** In lower case. */
    readonly domains: readonly string[];
    readonly owner: SubjectOwner;
    readonly store: Store;
    /** Entries that each new endpoint gets (C8), perhaps by its domain. */
    readonly defaults?: readonly AccessDefault[] | ((domain: string) => readonly AccessDefault[]);
  }) {
    const { domains, defaults = [] } = options;
    this.#domains = domains;
    this.#owner = options.owner;
    this.#store = options.store;
    const defaultsOf = typeof defaults === 'function' ? defaults : () => defaults;
    this.#defaults = new Map(
      domains.map((domain) => [
        domain,
        defaultsOf(domain).map(({ actor, actions }) => entry(actor, actions)),
      ]),
    );
  }

  /**
   * Makes an endpoint valid (P2, C8).
   * @throws UsageError `endpoint.exists`, and what `setAccess` throws about names
   */
  async provision(endpoint: string, credentials?: Credentials): Promise<void> {
    const name = this.#name(endpoint);
    const access = [ownEntry(name), ...(this.#defaults.get(domainOf(name)) ?? [])];
    await this.#ask(name, provisionOf({ access, ...(credentials && { credentials }) }));
  }

  /** Makes a service of a domain an endpoint, unless it is one (C7). Takes its name, such as `presence`. */
  async provisionService(name: string, domain: string): Promise<void> {
    const endpoint = `apex=${name}@${domain}`;
    if (await this.exists(endpoint)) return;
    // C7
    await this.#ask(endpoint, provisionOf({ access: [{ actor: '*@*', actions: ['core:data'] }] }));
  }

  /** Makes the endpoint of anonymous peers one, unless it is. Services may send to it, and nobody has a say in it. */
  async provisionGuest(endpoint: string): Promise<void> {
    const name = this.#name(endpoint);
    if (await this.exists(name)) return;
    const access = [{ actor: `apex=*@${domainOf(name)}`, actions: ['core:data'] }];
    await this.#ask(name, provisionOf({ access }));
  }

  /**
   * Removes an endpoint, with its operations, those on it, and the entries that name it (P12, A8).
   * What stands elsewhere goes first, so that a removal that was cut short can be asked for again.
   * @throws UsageError `endpoint.unknown`
   */
  async remove(endpoint: string): Promise<void> {
    const name = this.#name(endpoint);
    if (!(await this.exists(name))) throw unknownEndpoint(name);
    await this.#removeElsewhere(name);
    await this.#ask(name, { kind: 'remove' });
    // What it did meanwhile.
    await this.#removeElsewhere(name);
  }

  /** @throws UsageError `endpoint.unknown` */
  async setCredentials(endpoint: string, credentials: Credentials): Promise<void> {
    await this.#ask(this.#name(endpoint), { kind: 'set-credentials', credentials });
  }

  /**
   * Sets an access entry; it takes effect at once (A5). The owner may be a subaddress, or a service.
   * @throws UsageError `endpoint.name`, `endpoint.domain`, `endpoint.unknown`, `access.actor`, `access.actions`
   */
  async setAccess(owner: string, actor: string, actions: readonly string[]): Promise<void> {
    const access = { owner: this.#identity(owner), ...entry(actor, actions) };
    await this.#ask(parent(access.owner), { kind: 'set-access', access });
  }

  /**
   * Removes an access entry; it takes effect at once (A5), and a default that it overrode holds again (A7).
   * @throws UsageError `access.unknown`, and as `setAccess`
   */
  async removeAccess(owner: string, actor: string): Promise<void> {
    const access = { owner: this.#identity(owner), actor: actorText(actor), actions: undefined };
    await this.#ask(parent(access.owner), { kind: 'set-access', access });
  }

  /**
   * The explicit entries of exactly this owner (A6); the defaults of RFC 3341 §3 are not among them.
   * @throws UsageError `endpoint.unknown`
   */
  async listAccess(owner: string): Promise<readonly AccessRecord[]> {
    const name = this.#identity(owner);
    return this.#read(parent(name), (state) => (state.exists ? state.access.ofOwner(name) : undefined));
  }

  /** @throws UsageError `endpoint.unknown` */
  async showPresence(endpoint: string): Promise<PresenceRecord> {
    return this.#read(this.#identity(endpoint), (state) => (state.exists ? state.presence : undefined));
  }

  /** The entries of an endpoint and of its subaddresses, at one moment. @throws UsageError `endpoint.unknown` */
  async entriesOf(endpoint: string): Promise<{
    readonly endpoint: string;
    readonly presence: PresenceRecord;
    readonly access: readonly AccessRecord[];
  }> {
    const name = this.#identity(endpoint);
    return this.#read(name, ({ exists, presence, access }) =>
      exists && presence !== undefined ? { endpoint: name, presence, access: access.all() } : undefined,
    );
  }

  /**
   * Imports a presence entry, unless a newer one is there.
   * @throws UsageError `import.unknown`, `import.limit`, `import.future`, and what `provision` throws about names
   */
  async importPresence(entry: DatedEntry, replace: boolean): Promise<ImportOutcome> {
    return this.#outcomeOf(this.#name(entry.publisher), (outcome) => ({
      kind: 'import-presence',
      entry,
      replace,
      outcome,
    }));
  }

  /**
   * Imports an access entry, unless a newer one is there; it takes effect at once (A5).
   * @throws UsageError `import.unknown`, `import.future`, and as `setAccess`
   */
  async importAccess(access: DatedAccess, replace: boolean): Promise<ImportOutcome> {
    const owner = this.#identity(access.owner);
    const { lastUpdate } = access;
    const dated = { owner, ...entry(access.actor, access.actions), lastUpdate };
    return this.#outcomeOf(parent(owner), (outcome) => ({
      kind: 'import-access',
      access: dated,
      replace,
      outcome,
    }));
  }

  async #outcomeOf(
    subject: string,
    ask: (outcome: (result: ImportOutcome) => void) => Ask,
  ): Promise<ImportOutcome> {
    let outcome: ImportOutcome = 'kept';
    const told = (result: ImportOutcome): void => {
      outcome = result;
    };
    await this.#ask(subject, ask(told));
    return outcome;
  }

  /** Provisioned endpoints, services included, in code unit order: those after `after`, at most `limit`. */
  listEndpoints(after: string, limit: number): Promise<readonly string[]> {
    return this.#store.listEndpoints(after, limit);
  }

  /**
   * Ends an operation on `publisher`, and tells its originator why.
   * @throws UsageError `operation.over` when there is no such operation, and those about names
   */
  async endOperation(
    publisher: string,
    { originator, transID }: { readonly originator: string; readonly transID: number },
    reason: { readonly code: number; readonly text: string },
  ): Promise<void> {
    const operation = { originator: identityOf(originator) ?? originator, transID };
    await this.#ask(this.#identity(publisher), { kind: 'end-operation', operation, reason });
  }

  /**
   * An endpoint, or a subaddress or service, in its canonical form.
   * @throws UsageError `endpoint.name`, `endpoint.domain`
   */
  identityOf(endpoint: string): string {
    return this.#identity(endpoint);
  }

  /** The name of an endpoint in its canonical form. @throws UsageError `endpoint.…` for one that cannot be provisioned */
  nameOf(endpoint: string): string {
    return this.#name(endpoint);
  }

  /** Whether an endpoint is provisioned. */
  async exists(endpoint: string): Promise<boolean> {
    let exists = false;
    await this.#ask(endpoint, {
      kind: 'read',
      read: (state) => {
        exists = state.exists;
      },
    });
    return exists;
  }

  /** P12 and A8: the operations of an endpoint on other subjects, and other owners' entries that name it. */
  async #removeElsewhere(endpoint: string): Promise<void> {
    const subjects = this.#owner.subjectsOf(endpoint);
    await Promise.all(subjects.map((subject) => this.#ask(subject, { kind: 'remove-originator', endpoint })));
    for (const actor of [literalActor(endpoint), ownEntry(endpoint).actor]) {
      for (const { owner } of await this.#store.findAccessByActor(actor)) {
        if (parent(owner) === endpoint) continue;
        const access = { owner, actor, actions: undefined };
        await this.#ask(parent(owner), { kind: 'set-access', access }).catch(ignoreUnknown);
      }
    }
  }

  async #read<T>(subject: string, read: (state: Parameters<ReadOf>[0]) => T | undefined): Promise<T> {
    let value: T | undefined;
    await this.#ask(subject, {
      kind: 'read',
      read: (state) => {
        value = read(state);
      },
    });
    if (value === undefined) throw unknownEndpoint(subject);
    return value;
  }

  #ask(subject: string, ask: Ask): Promise<void> {
    return new Promise((resolve, reject) => {
      const answer: Answer = (failure) => (failure === undefined ? resolve() : reject(failure));
      this.#owner.administer(subject, { ...ask, answer });
    });
  }

  /** The name of an endpoint that can be provisioned: neither a subaddress nor a service (C3). */
  #name(endpoint: string): string {
    const name = this.#identity(endpoint);
    if (isService(name)) {
      throw new UsageError('endpoint.reserved', `${name}: names that begin with apex= are those of services`);
    }
    if (isSubaddress(name)) {
      throw new UsageError(
        'endpoint.subaddress',
        `${name} is a subaddress: name its endpoint, ${parent(name)}`,
      );
    }
    return name;
  }

  #identity(endpoint: string): string {
    const identity = identityOf(endpoint);
    if (identity === undefined) {
      throw new UsageError('endpoint.name', `not an endpoint, local@domain: "${endpoint.slice(0, 80)}"`);
    }
    if (!this.#domains.includes(domainOf(identity))) {
      const ours = `${this.#domains.length === 1 ? 'domain' : 'domains'} ${this.#domains.join(', ')}`;
      throw new UsageError('endpoint.domain', `${identity} is not in the ${ours}`);
    }
    return identity;
  }
}

type ReadOf = Extract<AdministrationInput, { kind: 'read' }>['read'];

function provisionOf(provision: Provision): Ask {
  return { kind: 'provision', provision };
}

function entry(actor: string, actions: readonly string[]): AccessDefault {
  const wrong = actions.find((action) => !isAction(action));
  if (wrong !== undefined || actions.length === 0) {
    throw new UsageError(
      'access.actions',
      `actions are words such as presence:subscribe, not "${wrong ?? ''}"`,
    );
  }
  return { actor: actorText(actor), actions };
}

function actorText(text: string): string {
  const actor = actorOf(text);
  if (actor === undefined) {
    throw new UsageError(
      'access.actor',
      `not an actor, such as fred@example.com or *@*: "${text.slice(0, 80)}"`,
    );
  }
  return actor;
}

function unknownEndpoint(endpoint: string): UsageError {
  return new UsageError('endpoint.unknown', `${endpoint} is not provisioned`);
}

/** Another request may have removed the entry, or its owner, meanwhile. */
function ignoreUnknown(error: unknown): void {
  if (error instanceof UsageError && (error.code === 'access.unknown' || error.code === 'endpoint.unknown'))
    return;
  throw error;
}
