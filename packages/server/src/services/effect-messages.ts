import {
  domainOf,
  formatAllow,
  formatDeny,
  formatNotify,
  formatReply,
  formatSet,
  formatTerminate,
  formatTimestamp,
  type PublishTemplate,
  publishTemplate,
  serviceData,
  type TimestampSuffix,
} from '@apex/protocol';
import { Tally } from '../figures/tally.ts';
import type { Effect, EffectPerformer } from '../subject/effects.ts';
import type { EffectSink } from './service.ts';

/** What services have sent; the numbers only grow. */
export interface MessageCounters {
  replies: number;
  publishes: number;
  notifies: number;
  terminates: number;
  verdicts: number;
  /** Access entries. */
  entries: number;
  /** Negative replies by the name of the service, such as `presence`, and by code. */
  readonly refused: Map<string, Tally<number>>;
}

type PublishEffect = Extract<Effect, { kind: 'publish' }>;
type NotifyEffect = Extract<Effect, { kind: 'notify' }>;
type EntryEffect = Extract<Effect, { kind: 'entry' }>;
type TerminateEffect = Extract<Effect, { kind: 'terminate' }>;

/** Effects as messages (RFC 3343 §4 rule 4): what one looks like on the wire is known here only. */
export class EffectMessages implements EffectPerformer {
  readonly counters: MessageCounters = {
    replies: 0,
    publishes: 0,
    notifies: 0,
    terminates: 0,
    verdicts: 0,
    entries: 0,
    refused: new Map(),
  };
  readonly #sink: EffectSink;
  readonly #suffix: TimestampSuffix;
  /** The presence element is written once per effect, however many slices it leaves in. */
  readonly #templates = new WeakMap<Effect, PublishTemplate>();

  constructor(sink: EffectSink, suffix: TimestampSuffix = 'Z') {
    this.#sink = sink;
    this.#suffix = suffix;
  }

  perform(effect: Effect, from: number, to: number): void {
    switch (effect.kind) {
      case 'reply': {
        const { service, recipient, transID, code, text } = effect;
        this.counters.replies += 1;
        if (code !== 250) this.#refused(service, code);
        return this.#send(service, recipient, () => formatReply({ kind: 'reply', code, transID, text }));
      }
      case 'publish':
        return this.#publish(effect, from, to);
      case 'notify':
        return this.#notify(effect, from, to);
      case 'terminate':
        return this.#terminate(effect, from, to);
      case 'verdict': {
        const { service, recipient, transID, allowed } = effect;
        this.counters.verdicts += 1;
        return this.#send(service, recipient, () =>
          allowed ? formatAllow({ kind: 'allow', transID }) : formatDeny({ kind: 'deny', transID }),
        );
      }
      case 'entry':
        return this.#entry(effect);
      case 'access-changed':
        return this.#sink.accessChanged(effect.access, effect.by);
      case 'detach':
        return this.#sink.detach(effect.endpoint, effect.code, effect.text);
      case 'settle':
        return effect.settle();
    }
  }

  #refused(service: string, code: number): void {
    const name = service.slice(service.indexOf('=') + 1, service.indexOf('@'));
    const known = this.counters.refused.get(name);
    const codes = known ?? new Tally<number>();
    codes.add(code);
    if (known === undefined) this.counters.refused.set(name, codes);
  }

  #entry({ service, recipient, transID, access }: EntryEffect): void {
    const { owner, actor, actions, lastUpdate: ms } = access;
    this.counters.entries += 1;
    this.#send(service, recipient, () => {
      const entry = { owner, actor, lastUpdate: this.#timestamp(ms) };
      const whole = actions === undefined ? entry : { ...entry, actions };
      return formatSet({ kind: 'set', transID, access: whole });
    });
  }

  #publish(effect: PublishEffect, from: number, to: number): void {
    const service = presenceService(effect.presence.endpoint);
    const template = this.#template(effect, service);
    for (let index = from; index < to; index++) {
      const addressee = effect.recipients[index];
      if (addressee === undefined || addressee.gone) continue;
      const { originator, transID } = addressee;
      this.counters.publishes += 1;
      this.#sink.send(service, originator, { template, recipient: originator, transID });
    }
  }

  #template(effect: PublishEffect, originator: string): PublishTemplate {
    let template = this.#templates.get(effect);
    if (template === undefined) {
      const { endpoint, lastUpdate, publisherInfo, tuplesXml } = effect.presence;
      template = publishTemplate({
        originator,
        publisher: endpoint,
        timeStamp: this.#timestamp(effect.at),
        lastUpdate: this.#timestamp(lastUpdate),
        publisherInfo,
        tuplesXml,
      });
      this.#templates.set(effect, template);
    }
    return template;
  }

  #notify({ subject, watches, subscriptions, action }: NotifyEffect, from: number, to: number): void {
    const service = presenceService(subject);
    for (let index = from; index < to; index++) {
      const watch = watches[Math.floor(index / subscriptions.length)];
      const subscription = subscriptions[index % subscriptions.length];
      if (watch === undefined || watch.gone || subscription === undefined) continue;
      const { transID } = watch;
      const { originator: subscriber, durationSeconds } = subscription;
      // 3343 §4.6, P5: the requested duration, if a subscription is being reported
      const duration = action === 'subscribe' ? durationSeconds : 0;
      this.counters.notifies += 1;
      this.#send(service, watch.originator, () =>
        formatNotify({ kind: 'notify', subscriber, transID, duration, action }),
      );
    }
  }

  #terminate({ subject, operations, code, text }: TerminateEffect, from: number, to: number): void {
    const service = presenceService(subject);
    for (const { originator, transID } of operations.slice(from, to)) {
      this.counters.terminates += 1;
      this.#send(service, originator, () => formatTerminate({ kind: 'terminate', transID, code, text }));
    }
  }

  #send(service: string, recipient: string, operationXml: () => string): void {
    this.#sink.send(service, recipient, () => serviceData(service, recipient, operationXml()));
  }

  #timestamp(ms: number): string {
    return formatTimestamp(ms, { suffix: this.#suffix });
  }
}

/** The presence service of the domain of `endpoint`. */
export function presenceService(endpoint: string): string {
  return `apex=presence@${domainOf(endpoint)}`;
}
