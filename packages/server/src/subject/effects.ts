import type { AccessRecord, PresenceRecord } from '../store/ports.ts';
import type { Addressee } from './operation.ts';

/**
 * What leaves a subject once its decision is durable. An effect is data: what it looks like on the
 * wire is known to the services only, which perform it through the port below. Those with several
 * recipients are one effect each, and are performed in slices.
 */
export type Effect =
  | ReplyEffect
  /** RFC 3343 §4.2 step 6.1 and §4.4: the presence entry as it was at `at`. */
  | {
      readonly kind: 'publish';
      readonly recipients: readonly Addressee[];
      readonly presence: PresenceRecord;
      readonly at: number;
    }
  /** RFC 3343 §4.6: each of `watches` is told of each of `subscriptions`. */
  | {
      readonly kind: 'notify';
      readonly subject: string;
      readonly watches: readonly Addressee[];
      readonly subscriptions: readonly NotifiedSubscription[];
      readonly action: 'subscribe' | 'terminate';
    }
  /** RFC 3343 §4.5: the service no longer considers these operations to be in progress. */
  | {
      readonly kind: 'terminate';
      readonly subject: string;
      readonly operations: readonly Addressee[];
      readonly code: number;
      readonly text: string;
    }
  /** RFC 3341 §4.2 steps 5 and 6: allow or deny. */
  | {
      readonly kind: 'verdict';
      readonly service: string;
      readonly recipient: string;
      readonly transID: number;
      readonly allowed: boolean;
    }
  /** RFC 3341 §4.3 step 6, §4.4: an access entry, to who asked for it or to its owner. */
  | {
      readonly kind: 'entry';
      readonly service: string;
      readonly recipient: string;
      readonly transID: number;
      readonly access: AccessRecord;
    }
  /** For the audit of who may do what: an entry was set, or removed (`actions` undefined), by an originator or administration. */
  | { readonly kind: 'access-changed'; readonly access: AccessRecord; readonly by: string | undefined }
  /** P12: ends the attachments of an endpoint and of its subaddresses. */
  | { readonly kind: 'detach'; readonly endpoint: string; readonly code: number; readonly text: string }
  /** Tells a caller in this process. */
  | { readonly kind: 'settle'; readonly settle: () => void };

export interface ReplyEffect {
  readonly kind: 'reply';
  /** The service that answers, such as `apex=presence@example.com`. */
  readonly service: string;
  readonly recipient: string;
  readonly transID: number;
  readonly code: number;
  readonly text: string;
}

export interface NotifiedSubscription {
  readonly originator: string;
  readonly durationSeconds: number;
}

/** Carries effects out; the services implement it. Never throws. */
export interface EffectPerformer {
  /** Performs the messages `from` (included) to `to` (excluded) of an effect that has `messageCount` of them. */
  perform(effect: Effect, from: number, to: number): void;
}

/** How many messages an effect stands for. */
export function messageCount(effect: Effect): number {
  switch (effect.kind) {
    case 'publish':
      return effect.recipients.length;
    case 'notify':
      return effect.watches.length * effect.subscriptions.length;
    case 'terminate':
      return effect.operations.length;
    case 'reply':
    case 'verdict':
    case 'entry':
    case 'access-changed':
    case 'detach':
    case 'settle':
      return 1;
  }
}
