import type { Attachment } from './relay-session.ts';

/**
 * Who is attached as what. At most one session is attached as an endpoint; that session may have
 * attached it more than once, and then its newest attachment receives (C3).
 */
export class Attachments {
  readonly #byEndpoint = new Map<string, Attachment[]>();
  readonly #guests = new Set<Attachment>();

  /** Attachments of anonymous peers. */
  get guests(): number {
    return this.#guests.size;
  }

  /** The attachment that receives data for `endpoint`: exact match, without fallback (C3). */
  find(endpoint: string): Attachment | undefined {
    return this.#byEndpoint.get(endpoint)?.at(-1);
  }

  add(attachment: Attachment): void {
    if (attachment.channel.session.isGuest) this.#guests.add(attachment);
    const present = this.#byEndpoint.get(attachment.endpoint);
    if (present === undefined) this.#byEndpoint.set(attachment.endpoint, [attachment]);
    else present.push(attachment);
  }

  remove(attachment: Attachment): void {
    this.#guests.delete(attachment);
    const present = this.#byEndpoint.get(attachment.endpoint);
    if (present === undefined) return;
    const rest = present.filter((other) => other !== attachment);
    if (rest.length === 0) this.#byEndpoint.delete(attachment.endpoint);
    else this.#byEndpoint.set(attachment.endpoint, rest);
  }

  /** All attachments as exactly `endpoint`, oldest first. */
  of(endpoint: string): readonly Attachment[] {
    return this.#byEndpoint.get(endpoint) ?? [];
  }

  /** Attached endpoints. */
  endpoints(): IterableIterator<string> {
    return this.#byEndpoint.keys();
  }

  get size(): number {
    return this.#byEndpoint.size;
  }
}
