import { UsageError } from '@apex/beep';
import { formatTimestamp, isSubaddress, parent, type TimestampSuffix, terminateSchema } from '@apex/protocol';
import type { Relay } from './relay/relay.ts';
import type { Attachment, RelaySession } from './relay/relay-session.ts';
import type { SessionPlace, SessionRow } from './session-place.ts';
import type { SubjectAdministration } from './subject/administration.ts';
import type { Operation } from './subject/operation.ts';
import type { SubjectOwner } from './subject/owner.ts';

/** An open session. */
export interface SessionView {
  /** What `endSession` takes: a number, with workers that of the worker before it, such as `2-17`. */
  readonly id: string;
  /** The number of the edge that has the connection; absent when the server is one process. */
  readonly worker?: number;
  /** `host:port` of the peer. */
  readonly remoteAddress: string;
  readonly transport: 'tcp' | 'websocket';
  /** Whether the octets travel protected (TLS, or a proxy that has it). */
  readonly secured: boolean;
  /** Who the peer has authenticated as, and by which SASL mechanism; absent before. */
  readonly identity?: string;
  readonly mechanism?: string;
  /** What is attached on it. */
  readonly endpoints: readonly string[];
  /** Since the peer connected, in milliseconds. */
  readonly ageMs: number;
  /** Since the peer sent anything, in milliseconds. */
  readonly idleMs: number;
  /** Payload octets that the peer has not taken; with workers, that it has not answered. */
  readonly unsentOctets: number;
}

/** An endpoint that is attached (RFC 3340 §4.4.1). */
export interface AttachmentView {
  readonly endpoint: string;
  /** Of the attach. */
  readonly transID: number;
  /** The id of the session. */
  readonly session: string;
  /** Deliveries that the session has not answered. */
  readonly unacknowledged: number;
  /** As of the session. */
  readonly unsentOctets: number;
}

/** A subscription or a watch in progress (RFC 3343 §4.2, §4.3). */
export interface OperationView {
  readonly kind: 'subscribe' | 'watch';
  readonly publisher: string;
  readonly originator: string;
  readonly transID: number;
  /** RFC 3339. */
  readonly until: string;
}

/** What those are told who lose something: a reply code (RFC 3340 §10), and a text for people. */
export interface Reason {
  readonly code: number;
  readonly text: string;
}

/** Rows that are asked of a place at a time. */
const PAGE = 500;

/**
 * What goes on in a running server, for its operators: sessions, attachments, operations in progress, and an end to
 * one of them. Lists come one by one, so that none of them has to be held; those of sessions and attachments show
 * what is there when they get there.
 */
export class Oversight {
  readonly #relay: Relay;
  readonly #owner: SubjectOwner;
  readonly #subjects: SubjectAdministration;
  readonly #suffix: TimestampSuffix;
  readonly #places: () => Iterable<SessionPlace>;

  constructor(options: {
    readonly relay: Relay;
    readonly owner: SubjectOwner;
    readonly subjects: SubjectAdministration;
    readonly suffix: TimestampSuffix;
    readonly places: () => Iterable<SessionPlace>;
  }) {
    this.#relay = options.relay;
    this.#owner = options.owner;
    this.#subjects = options.subjects;
    this.#suffix = options.suffix;
    this.#places = options.places;
  }

  async *sessions(): AsyncGenerator<SessionView, void> {
    for (const place of [...this.#places()]) {
      for (let after = 0; ; ) {
        const rows = await place.rows(after, PAGE);
        const known = place.relaySessions();
        for (const row of rows) yield sessionView(row, place.worker, known.get(row.id));
        const last = rows.at(-1);
        if (last === undefined || rows.length < PAGE) break;
        after = last.id;
      }
    }
  }

  /** All, or those of an endpoint and its subaddresses. @throws UsageError `endpoint.name`, `endpoint.domain` */
  *attachments(of?: string): Generator<AttachmentView, void> {
    const { attachments } = this.#relay;
    const wanted = of === undefined ? undefined : this.#subjects.identityOf(of);
    for (const endpoint of [...attachments.endpoints()]) {
      if (wanted !== undefined && endpoint !== wanted && parent(endpoint) !== wanted) continue;
      yield* attachments.of(endpoint).map(attachmentView);
    }
  }

  /**
   * Operations in progress on the presence of an endpoint, then those that it and its subaddresses have originated.
   * @throws UsageError `endpoint.name`, `endpoint.domain`, `endpoint.unknown`, `endpoint.unreadable`
   */
  async *operations(endpoint: string): AsyncGenerator<OperationView, void> {
    const name = this.#subjects.identityOf(endpoint);
    const lists = isSubaddress(name) ? [] : await this.#operationsOn(name);
    for (const operation of [...lists, this.#originatedElsewhere(name)].flatMap(alive)) {
      const { kind, subject: publisher, originator, transID, deadline } = operation;
      const until = formatTimestamp(deadline, { suffix: this.#suffix });
      yield { kind, publisher, originator, transID, until };
    }
  }

  /**
   * Ends an operation in progress and tells its originator why (RFC 3343 §4.5); who watches is told too. Resolves once
   * it is durable. @throws UsageError `endpoint.name`, `endpoint.domain`, `operation.over`, `reason.invalid`
   */
  async endOperation(
    publisher: string,
    operation: { readonly originator: string; readonly transID: number },
    reason: Reason,
  ): Promise<void> {
    await this.#subjects.endOperation(publisher, operation, requireReason(reason));
  }

  /**
   * Terminates every attachment as exactly `endpoint` (RFC 3340 §4.4.3). Behind a code from 400 to 499 applications
   * attach again by themselves. @throws UsageError `endpoint.name`, `endpoint.domain`, `attachment.unknown`,
   * `reason.invalid`
   */
  detach(endpoint: string, reason: Reason): void {
    const { code, text } = requireReason(reason);
    const name = this.#subjects.identityOf(endpoint);
    if (this.#relay.attachments.find(name) === undefined) {
      const [other] = this.attachments(name);
      const hint = other === undefined ? '' : `; its subaddress ${other.endpoint} is`;
      throw new UsageError('attachment.unknown', `${name} is not attached${hint}`);
    }
    this.#relay.detach(name, code, text);
  }

  /**
   * Terminates what is attached on a session, and ends the session. Resolves when its peer has been asked for the
   * release. @throws UsageError `session.unknown`, `reason.invalid`
   */
  async endSession(id: string, reason: Reason): Promise<void> {
    const { code, text } = requireReason(reason);
    const [, worker, number = ''] = /^(?:(\d+)-)?(\d+)$/.exec(id) ?? [];
    for (const place of this.#places()) {
      if (`${place.worker ?? ''}` !== (worker ?? '')) continue;
      const session = place.relaySessions().get(Number(number));
      if (session !== undefined) this.#relay.detachSession(session, code, text);
      if (await place.release(Number(number), text)) return;
    }
    throw new UsageError('session.unknown', `there is no session ${id.slice(0, 40)}`);
  }

  #operationsOn(endpoint: string): Promise<readonly (readonly Operation[])[]> {
    return new Promise((resolve, reject) => {
      this.#owner.look(endpoint, (state) => {
        if (state === undefined) {
          reject(new UsageError('endpoint.unreadable', `${endpoint} cannot be read`));
        } else if (!state.exists) {
          reject(new UsageError('endpoint.unknown', `${endpoint} is not provisioned`));
        } else resolve([state.list('subscribe'), state.list('watch')]);
      });
    });
  }

  /** What it has on its own presence has been listed there. */
  #originatedElsewhere(endpoint: string): readonly Operation[] {
    return this.#owner.operationsOf(endpoint).filter(({ subject }) => subject !== endpoint);
  }
}

/** It goes into a terminate, which has to be well formed. */
function requireReason({ code, text }: Reason): Reason {
  const { success, error } = terminateSchema.safeParse({ kind: 'terminate', transID: 1, code, text });
  if (success) return { code, text };
  const { path, message } = error.issues[0]!;
  throw new UsageError('reason.invalid', `the ${path.join('.')} of the reason: ${message}`);
}

/** A list may be long, and some end while it is shown. */
function alive(operations: readonly Operation[]): readonly Operation[] {
  return operations.filter(({ gone }) => !gone);
}

function sessionView(
  row: SessionRow,
  worker: number | undefined,
  session: RelaySession | undefined,
): SessionView {
  return {
    ...row,
    id: worker === undefined ? `${row.id}` : `${worker}-${row.id}`,
    ...(worker === undefined ? {} : { worker }),
    endpoints: session?.endpoints ?? [],
    unsentOctets: session?.unsentOctets ?? 0,
  };
}

function attachmentView({ endpoint, transID, channel: { session } }: Attachment): AttachmentView {
  const { name, unacknowledged, unsentOctets } = session;
  return { endpoint, transID, session: name, unacknowledged, unsentOctets };
}
