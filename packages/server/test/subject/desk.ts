import { decide } from '../../src/subject/decide.ts';
import type { Decision } from '../../src/subject/decision.ts';
import type { Effect } from '../../src/subject/effects.ts';
import type { AccessChange, Input, PublishedEntry } from '../../src/subject/input.ts';
import { defaultPresenceLimits, type PresenceLimits } from '../../src/subject/limits.ts';
import { ownEntry } from '../../src/subject/provision.ts';
import { SubjectState } from '../../src/subject/state.ts';
import { Transactions } from '../../src/subject/transactions.ts';

export const SERVICE = 'apex=presence@example.com';
export const FRED = 'fred@example.com';
export const WILMA = 'wilma@example.com';
export const BARNEY = 'barney@example.com';
export const BETTY = 'betty@example.com';

export const TUPLES =
  "<tuple destination='mailto:fred@flintstone.com' availableUntil='2525-12-31T23:59:59Z' />";

/** Decisions about one provisioned subject, as its owner would ask for them. */
export class Desk {
  readonly transactions: Transactions;
  readonly state: SubjectState;
  readonly limits: PresenceLimits;
  now = 1_000_000;
  monotonic = 5000;

  constructor(subject = FRED, limits: Partial<PresenceLimits> = {}, transactions = new Transactions()) {
    this.limits = { ...defaultPresenceLimits, ...limits };
    this.transactions = transactions;
    this.state = new SubjectState(subject, undefined, []);
    const access = [
      ownEntry(subject),
      { actor: '*@example.com', actions: ['presence:subscribe', 'presence:watch'] },
    ];
    this.decide({ kind: 'provision', provision: { access }, answer: () => {} });
  }

  decide(input: Input): Decision {
    const { now, monotonic, transactions, limits } = this;
    return decide(this.state, input, { now, monotonic, transactions, limits, suffix: 'Z' });
  }

  subscribe(originator: string, transID: number, durationSeconds = 60, service = SERVICE): Decision {
    return this.decide({ kind: 'subscribe', service, originator, transID, durationSeconds });
  }

  watch(originator: string, transID: number, durationSeconds = 60, service = SERVICE): Decision {
    return this.decide({ kind: 'watch', service, originator, transID, durationSeconds });
  }

  publish(
    originator: string,
    transID: number,
    changed: Partial<PublishedEntry> = {},
    service = SERVICE,
  ): Decision {
    const entry: PublishedEntry = {
      publisher: this.state.endpoint,
      lastUpdate: this.state.presence?.lastUpdate,
      publisherInfo: '',
      tuplesXml: TUPLES,
      tupleCount: 1,
      capabilityOctets: 0,
      ...changed,
    };
    return this.decide({ kind: 'publish', service, originator, transID, entry });
  }

  terminate(originator: string, transID: number): Decision {
    return this.decide({ kind: 'terminate', service: SERVICE, originator, transID });
  }

  /** The expiry of an operation that is in progress now. */
  expire(originator: string, transID: number): Decision {
    const generation = this.transactions.find(originator, transID)?.generation ?? -1;
    return this.decide({ kind: 'expire', originator, transID, generation });
  }

  setAccess(actor: string, actions: readonly string[] | undefined, owner = this.state.endpoint): Decision {
    const access: AccessChange = { owner, actor, actions };
    return this.decide({ kind: 'set-access', access, answer: () => {} });
  }
}

/** The effects of a decision, one short line for each message. */
export function messages(decision: Decision): string[] {
  return decision.effects.flatMap(lines);
}

function lines(effect: Effect): string[] {
  switch (effect.kind) {
    case 'reply':
      return [`${name(effect.recipient)} ${effect.transID}: reply ${effect.code}`];
    case 'publish':
      return effect.recipients.map(
        ({ originator, transID }) => `${name(originator)} ${transID}: publish ${effect.presence.lastUpdate}`,
      );
    case 'notify':
      return effect.watches.flatMap(({ originator, transID }) =>
        effect.subscriptions.map(
          (subscription) =>
            `${name(originator)} ${transID}: notify ${effect.action} ${name(subscription.originator)}` +
            (effect.action === 'subscribe' ? ` ${subscription.durationSeconds}` : ''),
        ),
      );
    case 'terminate':
      return effect.operations.map(
        ({ originator, transID }) => `${name(originator)} ${transID}: terminate ${effect.code}`,
      );
    case 'verdict':
      return [`${name(effect.recipient)} ${effect.transID}: ${effect.allowed ? 'allow' : 'deny'}`];
    case 'entry': {
      const { owner, actor, actions } = effect.access;
      const entry = `${name(owner)} ${name(actor)} ${actions?.join(' ') ?? '-'}`;
      return [`${name(effect.recipient)} ${effect.transID}: set ${entry}`];
    }
    case 'access-changed':
      return [];
    case 'detach':
      return [`${name(effect.endpoint)}: detach ${effect.code}`];
    case 'settle':
      return [];
  }
}

function name(identity: string): string {
  return identity.replace('@example.com', '');
}
