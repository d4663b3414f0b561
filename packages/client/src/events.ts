import type { ApexError } from './errors.ts';
import type { Resumption } from './presence/presence.ts';

/** Why a client is over. */
export type ClientEnd =
  | { readonly kind: 'closed' }
  /** Another application attached as this endpoint (556): do not attach again by yourself (C16). */
  | { readonly kind: 'replaced' }
  /** The relay ended the attachment, with its reason. */
  | { readonly kind: 'detached'; readonly replyCode: number; readonly text: string }
  /** The session ended; when a refusal ended the attempts to have another one, with its code. */
  | { readonly kind: 'lost'; readonly error: Error; readonly replyCode?: number };

/** What happens to the session of a client. The last event is the end of the client. */
export type ClientEvent =
  /** The session ended, and another one is being tried for. */
  | { readonly kind: 'interrupted'; readonly error: ApexError }
  /** The next attempt, counted from 1, comes after so many milliseconds; `error` is why it is needed. */
  | {
      readonly kind: 'retrying';
      readonly attempt: number;
      readonly delayMs: number;
      readonly error: ApexError;
    }
  /** Attached again, and all that was in progress has been asked for again. */
  | ({
      readonly kind: 'resumed';
      readonly attempts: number;
      /** How long there was no session, in milliseconds. */
      readonly awayMs: number;
    } & Resumption)
  | ClientEnd;

/** Whether there is a session, in the words of what happened last. */
export type ConnectionState =
  | { readonly kind: 'attached' }
  /** There is none, for the reason in `error`. The next attempt, counted from 1, is made at `retryAtMs` since the epoch. */
  | {
      readonly kind: 'reconnecting';
      readonly error: ApexError;
      readonly attempt: number;
      readonly retryAtMs: number;
    }
  | { readonly kind: 'over'; readonly end: ClientEnd };

/** Is told what happens to the session of a client. What it throws becomes an uncaught error. */
export type ClientListener = (event: ClientEvent) => void;

/** Those who are told of events. */
export class Listeners {
  readonly #listeners = new Set<{ readonly tell: ClientListener }>();

  /** The returned function ends it. */
  add(listener: ClientListener): () => void {
    const entry = { tell: listener };
    this.#listeners.add(entry);
    return () => void this.#listeners.delete(entry);
  }

  tell(event: ClientEvent): void {
    for (const { tell } of [...this.#listeners]) {
      try {
        tell(event);
      } catch (error) {
        // The fault of the application, which shall see it; it must not stop what happens here.
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }

  /** Nothing happens any more. */
  clear(): void {
    this.#listeners.clear();
  }
}
