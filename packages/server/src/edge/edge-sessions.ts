import type { RelaySession } from '../relay/relay-session.ts';
import type { SessionPlace, SessionRow } from '../session-place.ts';
import type { FromEdge, ToEdge } from './messages.ts';
import type { Outbound } from './pipe.ts';

/** The sessions of an edge as its owner has them: what is asked about them goes through the pipe. */
export class EdgeSessions implements SessionPlace {
  readonly worker: number;
  readonly #out: Outbound<ToEdge>;
  readonly #known: ReadonlyMap<number, { readonly session: RelaySession }>;
  readonly #rows = new Map<number, (rows: readonly SessionRow[]) => void>();
  readonly #releases = new Map<number, (isKnown: boolean) => void>();
  #lastRequest = 0;
  #isGone = false;

  constructor(
    worker: number,
    out: Outbound<ToEdge>,
    known: ReadonlyMap<number, { readonly session: RelaySession }>,
  ) {
    this.worker = worker;
    this.#out = out;
    this.#known = known;
  }

  rows(after: number, limit: number): Promise<readonly SessionRow[]> {
    if (this.#isGone) return Promise.resolve([]);
    const request = ++this.#lastRequest;
    this.#out.say({ kind: 'list-sessions', request, after, limit });
    return new Promise((resolve) => this.#rows.set(request, resolve));
  }

  release(session: number, text: string): Promise<boolean> {
    if (this.#isGone) return Promise.resolve(false);
    const request = ++this.#lastRequest;
    this.#out.say({ kind: 'release-session', request, session, text });
    return new Promise((resolve) => this.#releases.set(request, resolve));
  }

  relaySessions(): ReadonlyMap<number, RelaySession> {
    return new Map(Array.from(this.#known, ([id, { session }]) => [id, session]));
  }

  answered(message: Extract<FromEdge, { kind: 'session-rows' | 'session-released' }>): void {
    const { request } = message;
    if (message.kind === 'session-rows') {
      this.#rows.get(request)?.(message.rows);
      this.#rows.delete(request);
    } else {
      this.#releases.get(request)?.(message.isKnown);
      this.#releases.delete(request);
    }
  }

  /** The edge is gone, and its sessions with it. */
  lost(): void {
    this.#isGone = true;
    for (const tell of this.#rows.values()) tell([]);
    for (const tell of this.#releases.values()) tell(false);
    this.#rows.clear();
    this.#releases.clear();
  }
}
