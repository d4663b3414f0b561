import {
  actorOf,
  domainOf,
  isAction,
  isService,
  isTimestamp,
  literalActor,
  type Operation,
  parent,
  parseActor,
} from '@apex/protocol';
import { requireEndpoint } from '../endpoints.ts';
import { ApexError } from '../errors.ts';
import { Feed } from '../feed.ts';
import { type RequestContext, Requests } from '../requests.ts';
import { AccessChanges, type AccessEntry, entryOf } from './changes.ts';

/** What access operations need of their client. */
export interface AccessContext extends RequestContext {
  readonly endpoint: string;
}

/** Whose access entries, and for how long to wait. */
export interface OwnerOptions {
  /** Whose entry; default: the endpoint itself, without its subaddress. */
  readonly owner?: string;
  /** Stops the waiting: the call rejects with its reason at once. What was sent before may be carried out. */
  readonly signal?: AbortSignal;
}

/** Which access entry is replaced. */
export interface SetOptions extends OwnerOptions {
  /**
   * The lastUpdate of the entry that is to be replaced, so that no newer one is (555 then). Without it the present
   * entry is looked up first, and again when another application was faster.
   */
  readonly lastUpdate?: string;
}

/** What `allow` grants unless told otherwise: to send messages, and to see the presence. */
export const ALLOWED = ['core:data', 'presence:subscribe'] as const;

/** How often a set is tried when others set the same entry at the same time. */
const ATTEMPTS = 5;

/**
 * The access service as an application uses it (RFC 3341 §4): who may do what to an endpoint. Actors may be
 * wildcards, such as `*@example.com` or `wilma/*@example.com`; actions are words such as `core:data` and
 * `presence:subscribe`, `all:all` and `all:none` among them. Every method rejects with ApexError:
 * `client.refused` with the reply code, `client.timeout`, `client.usage`, or what ended the client.
 */
export class Access {
  readonly #endpoint: string;
  readonly #requests: Requests;
  readonly #feeds = new Set<Feed<AccessEntry>>();
  #over: Error | undefined;

  constructor(context: AccessContext) {
    this.#endpoint = context.endpoint;
    this.#requests = new Requests(context);
  }

  /** Whether an endpoint may do all of these actions to the owner (RFC 3341 §4.2). */
  async query(actor: string, actions: readonly string[], options: OwnerOptions = {}): Promise<boolean> {
    const owner = this.#ownerOf(options);
    const asker = requireEndpoint(actor);
    requireActions(actions);
    return this.#requests.ask<boolean>(
      {
        what: `query access of ${asker} to ${owner}`,
        service: serviceOf(owner),
        repeats: true,
        operation: (transID) => ({ kind: 'query', owner, actor: asker, actions, transID }),
        received({ kind }, answer) {
          if (kind === 'allow' || kind === 'deny') answer(kind === 'allow');
        },
      },
      options.signal,
    );
  }

  /** The entry with literally this actor (RFC 3341 §4.3); undefined when there is none. */
  async get(actor: string, options: OwnerOptions = {}): Promise<AccessEntry | undefined> {
    const owner = this.#ownerOf(options);
    const name = requireActor(actor);
    const entry = this.#requests.ask<AccessEntry>(
      {
        what: `get access of ${name} to ${owner}`,
        service: serviceOf(owner),
        repeats: true,
        operation: (transID) => ({ kind: 'get', owner, actor: name, transID }),
        received: (operation, answer) => {
          if (operation.kind === 'set' && isAbout(operation.access, owner, name)) {
            answer(entryOf(operation.access));
          }
          // What others set is told to the owner under a transID of theirs, which may happen to be this one.
          else this.notified(serviceOf(owner), operation);
        },
      },
      options.signal,
    );
    return entry.catch((error: unknown) => {
      if (replyCodeOf(error) === NO_ENTRY) return undefined;
      throw error;
    });
  }

  /** Creates or replaces an entry (RFC 3341 §4.4); it takes effect at once. */
  async set(actor: string, actions: readonly string[], options: SetOptions = {}): Promise<void> {
    requireActions(actions);
    await this.#change(actor, actions, options);
  }

  /** Removes an entry (RFC 3341 §4.4 step 8); false when there is none. */
  remove(actor: string, options: SetOptions = {}): Promise<boolean> {
    return this.#change(actor, undefined, options);
  }

  /**
   * Lets somebody in: sets the entry of an endpoint and that of its subaddresses, since its applications attach as
   * those (for `wilma@example.com` also `wilma/*@example.com`). A wildcard or a subaddress has one entry. `who` is
   * an actor, so a `*` that belongs to a name is written `\*`; it is not the owner (`client.usage`). Resolves with the actors of these entries; when the
   * second one fails, the error says that the first one stands.
   */
  allow(
    who: string,
    options: OwnerOptions & { readonly actions?: readonly string[] } = {},
  ): Promise<readonly string[]> {
    return this.#changeAll(who, options.actions ?? ALLOWED, options);
  }

  /** Keeps somebody out, also where a wildcard would let them in: the entries of `allow`, with `all:none`. */
  deny(who: string, options: OwnerOptions = {}): Promise<readonly string[]> {
    return this.#changeAll(who, ['all:none'], options);
  }

  /**
   * Hides the presence from somebody whose messages still come: the entries of `allow`, with `core:data` alone.
   * Subscriptions of theirs end with 537, and new ones are refused with it, so that they see no availability and
   * no change any more; that they are not allowed to, they can tell.
   */
  appearOffline(who: string, options: OwnerOptions = {}): Promise<readonly string[]> {
    return this.#changeAll(who, ['core:data'], options);
  }

  /** Removes the entries of `allow`, `deny` and `appearOffline`: wildcards and defaults count again. */
  forget(who: string, options: OwnerOptions = {}): Promise<readonly string[]> {
    return this.#changeAll(who, undefined, options);
  }

  /**
   * Changes of entries whose owner this client is attached as, from now on: the service tells the owner of every
   * `set`, whoever made it (RFC 3341 §4). An entry without actions was removed. A client attached as a subaddress
   * is told nothing about the entries of its endpoint. Ends with the session, since what happens until the next one is
   * told to nobody: the iteration throws `client.lost`; read the entries that matter again then. Ends when the signal
   * is aborted, too.
   */
  changes({ signal }: { readonly signal?: AbortSignal } = {}): AccessChanges {
    const feed = new Feed<AccessEntry>();
    const changes = new AccessChanges(feed, () => void this.#feeds.delete(feed));
    if (this.#over !== undefined) feed.end({ kind: 'lost', error: this.#over });
    else if (signal?.aborted === true) feed.end({ kind: 'closed' });
    else {
      this.#feeds.add(feed);
      const stop = (): void => changes[Symbol.dispose]();
      signal?.addEventListener('abort', stop);
      void feed.ended.then(() => signal?.removeEventListener('abort', stop));
    }
    return changes;
  }

  /**
   * Takes data that is for no request: the notification of an owner, which is dropped when nobody reads the
   * changes, since every `set` of the application itself causes one. False when it is something else.
   */
  notified(service: string, operation: Operation): boolean {
    if (operation.kind !== 'set' || service !== serviceOf(this.#endpoint)) return false;
    if (operation.access.owner !== this.#endpoint) return false;
    const entry = entryOf(operation.access);
    for (const feed of this.#feeds) AccessChanges.push(feed, entry);
    return true;
  }

  /** The session ended, and another one may follow. */
  interrupt(error: Error): void {
    for (const feed of this.#feeds) feed.end({ kind: 'lost', error });
    this.#feeds.clear();
  }

  /** The client is over. */
  end(error: Error): void {
    this.#over = error;
    const isClosed = error instanceof ApexError && error.code === 'client.closed';
    for (const feed of this.#feeds) feed.end(isClosed ? { kind: 'closed' } : { kind: 'lost', error });
    this.#feeds.clear();
  }

  /** The same for all entries of somebody, one after the other; without actions they are removed. */
  async #changeAll(
    who: string,
    actions: readonly string[] | undefined,
    options: OwnerOptions,
  ): Promise<readonly string[]> {
    if (actions !== undefined) requireActions(actions);
    const owner = this.#ownerOf(options);
    const actors = actorsOf(who);
    requireOther(actors, owner);
    const done: string[] = [];
    for (const actor of actors) {
      try {
        await this.#change(actor, actions, { ...options, owner });
      } catch (error) {
        if (done.length === 0 || !(error instanceof ApexError)) throw error;
        const { code, replyCode, message } = error;
        const [first] = done;
        const stand =
          actions === undefined ? `there is no entry of ${first} any more` : `the entry of ${first} is set`;
        throw new ApexError(code, `${message}; ${stand}`, {
          cause: error,
          ...(replyCode === undefined ? {} : { replyCode }),
        });
      }
      done.push(actor);
    }
    return actors;
  }

  /** False when there is no entry to be removed. */
  async #change(
    actor: string,
    actions: readonly string[] | undefined,
    options: SetOptions,
  ): Promise<boolean> {
    const owner = this.#ownerOf(options);
    const name = requireActor(actor);
    requireLastUpdate(options);
    for (let attempt = 1; ; attempt += 1) {
      const lastUpdate = options.lastUpdate ?? (await this.#lastUpdate(name, { ...options, owner }, actions));
      // Without either a service that follows 3341 §4.4 step 6 to the letter creates an entry (A7 is our reading).
      if (actions === undefined && lastUpdate === undefined) return false;
      try {
        await this.#set({ owner, actor: name, actions, lastUpdate }, options.signal);
        return true;
      } catch (error) {
        const isOvertaken =
          replyCodeOf(error) === NEWER && options.lastUpdate === undefined && attempt < ATTEMPTS;
        if (!isOvertaken) throw error;
      }
    }
  }

  /** Who may set and not get can still create an entry: the service refuses anything else. */
  async #lastUpdate(
    actor: string,
    options: OwnerOptions,
    actions: readonly string[] | undefined,
  ): Promise<string | undefined> {
    try {
      return (await this.get(actor, options))?.lastUpdate;
    } catch (error) {
      if (actions !== undefined && replyCodeOf(error) === NOT_ALLOWED) return undefined;
      throw error;
    }
  }

  #set({ owner, actor, actions, lastUpdate }: AccessEntry, signal: AbortSignal | undefined): Promise<void> {
    return this.#requests.ask<void>(
      {
        what: `${actions === undefined ? 'remove' : 'set'} access of ${actor} to ${owner}`,
        service: serviceOf(owner),
        repeats: false,
        operation: (transID) => ({
          kind: 'set',
          transID,
          access: {
            owner,
            actor,
            ...(actions === undefined ? {} : { actions }),
            ...(lastUpdate === undefined ? {} : { lastUpdate }),
          },
        }),
        received: (operation, answer) => {
          if (operation.kind === 'reply') answer();
          // The owner is told under the same transID, which may come first.
          else this.notified(serviceOf(owner), operation);
        },
      },
      signal,
    );
  }

  #ownerOf({ owner }: OwnerOptions): string {
    return owner === undefined ? parent(this.#endpoint) : requireEndpoint(owner);
  }
}

/** RFC 3341 §4.3 step 3: the asker has no right to it. */
const NOT_ALLOWED = 537;
/** RFC 3341 §4.3 step 5: there is no such entry. */
const NO_ENTRY = 551;
/** RFC 3341 §4.4 steps 5 and 7: the entry has another lastUpdate. */
const NEWER = 555;

function replyCodeOf(error: unknown): number | undefined {
  return error instanceof ApexError ? error.replyCode : undefined;
}

function serviceOf(owner: string): string {
  return `apex=access@${domainOf(owner)}`;
}

function requireActor(text: string): string {
  const actor = actorOf(text);
  if (actor !== undefined) return actor;
  throw new ApexError(
    'client.usage',
    `not an actor, such as wilma@example.com, wilma/*@example.com or *@example.com: "${text}"`,
  );
}

function requireActions(actions: readonly string[]): void {
  const wrong = actions.find((action) => !isAction(action));
  if (actions.length > 0 && wrong === undefined) return;
  throw new ApexError(
    'client.usage',
    wrong === undefined
      ? 'no actions: name at least one, such as core:data, or all:none'
      : `not an action, such as core:data or presence:subscribe: "${wrong}"`,
  );
}

function requireLastUpdate({ lastUpdate }: SetOptions): void {
  if (lastUpdate === undefined || isTimestamp(lastUpdate)) return;
  throw new ApexError(
    'client.usage',
    `lastUpdate: not a time such as 2026-11-25T17:00:00.000Z: "${lastUpdate}"`,
  );
}

/** An entry of the owner or of his applications takes the place of the one by which they may change entries. */
function requireOther(actors: readonly string[], owner: string): void {
  const own = actorsOf(literalActor(parent(owner)));
  const actor = actors.find((each) => own.includes(each));
  if (actor === undefined) return;
  throw new ApexError(
    'client.usage',
    `${actor} is the owner, who could lock himself out with this: set and remove do it`,
  );
}

function isAbout(entry: Pick<AccessEntry, 'owner' | 'actor'>, owner: string, actor: string): boolean {
  return entry.owner === owner && entry.actor === actor;
}

/** C16: the actors that stand for somebody, as whatever application. */
function actorsOf(who: string): readonly string[] {
  const actor = requireActor(who);
  const { local } = parseActor(actor);
  // A wildcard stands for subaddresses already; neither a subaddress nor a service has any.
  if (local.kind !== 'literal' || local.text.includes('/') || isService(actor)) return [actor];
  return [actor, actor.replace('@', '/*@')];
}
