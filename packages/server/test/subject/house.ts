import { parseDataMessage, parseOperation, serviceData } from '@apex/protocol';
import { VirtualClock } from '@apex/vitest/virtual-clock';
import { octetsOf } from '../../src/relay/payload.ts';
import { AccessService } from '../../src/services/access/access-service.ts';
import { EffectMessages } from '../../src/services/effect-messages.ts';
import { PresenceService } from '../../src/services/presence/presence-service.ts';
import type { EffectSink, RefusedData } from '../../src/services/service.ts';
import { FaultyStore } from '../../src/store/faulty-store.ts';
import { MemoryStore } from '../../src/store/memory/memory-store.ts';
import type { Store } from '../../src/store/ports.ts';
import { SubjectAccessPolicy } from '../../src/subject/access-policy.ts';
import { SubjectAdministration } from '../../src/subject/administration.ts';
import { type OwnerOptions, SubjectOwner } from '../../src/subject/owner.ts';

export const DOMAIN = 'example.com';
export const SERVICE = `apex=presence@${DOMAIN}`;

export interface Received {
  readonly to: string;
  readonly operation: ReturnType<typeof parseOperation>;
}

/** A presence service with everything behind it, and all that it sends. */
export class House {
  readonly clock: VirtualClock;
  readonly store: Store;
  readonly received: Received[] = [];
  readonly detached: string[] = [];
  readonly refused: RefusedData[] = [];
  readonly owner: SubjectOwner;
  readonly service: PresenceService;
  readonly accessService: AccessService;
  readonly access: SubjectAccessPolicy;
  readonly administration: SubjectAdministration;
  readonly performer: EffectMessages;
  /** Called with each message before it is recorded. */
  onSend: (to: string) => void = () => {};

  constructor(store: Store, clock = new VirtualClock(), options: Partial<OwnerOptions> = {}) {
    this.store = store;
    this.clock = clock;
    const sink: EffectSink = {
      send: (_service, to, payload) => {
        this.onSend(to);
        const { operation } = parseDataMessage(octetsOf(payload));
        if (operation !== undefined) this.received.push({ to, operation: parseOperation(operation) });
      },
      accessChanged: () => {},
      detach: (endpoint, code) => this.detached.push(`${endpoint} ${code}`),
    };
    this.performer = new EffectMessages(sink);
    this.owner = new SubjectOwner({ store, performer: this.performer, clock, ...options });
    const services = {
      owner: this.owner,
      performer: this.performer,
      onRefused: (refused: RefusedData) => this.refused.push(refused),
    };
    this.service = new PresenceService(services);
    this.accessService = new AccessService(services);
    this.access = new SubjectAccessPolicy(this.owner);
    const defaults = [
      { actor: `*@${DOMAIN}`, actions: ['core:data', 'presence:subscribe', 'presence:watch'] },
    ];
    this.administration = new SubjectAdministration({
      domains: [DOMAIN],
      owner: this.owner,
      store,
      defaults,
    });
  }

  /** Data for the presence service. */
  send(originator: string, content: string): void {
    const message = parseDataMessage(serviceData(originator, SERVICE, content));
    this.service.receive({ originator, recipient: SERVICE, message });
  }

  /** Data for the access service. */
  ask(originator: string, content: string): void {
    const recipient = `apex=access@${DOMAIN}`;
    const message = parseDataMessage(serviceData(originator, recipient, content));
    this.accessService.receive({ originator, recipient, message });
  }

  subscribe(originator: string, subject: string, transID: number, duration = 60): void {
    this.send(originator, `<subscribe publisher='${subject}' transID='${transID}' duration='${duration}' />`);
  }

  watch(originator: string, subject: string, transID: number, duration = 60): void {
    this.send(originator, `<watch publisher='${subject}' transID='${transID}' duration='${duration}' />`);
  }

  terminate(originator: string, transID: number): void {
    this.send(originator, `<terminate transID='${transID}' />`);
  }

  publish(
    originator: string,
    subject: string,
    transID: number,
    lastUpdate: string | number,
    info = '',
  ): void {
    const instant = typeof lastUpdate === 'number' ? new Date(lastUpdate).toISOString() : lastUpdate;
    const uri = info === '' ? '' : ` publisherInfo='${info}'`;
    this.send(
      originator,
      `<publish publisher='${subject}' transID='${transID}' timeStamp='2000-05-14T13:30:00-08:00'>` +
        `<presence publisher='${subject}' lastUpdate='${instant}'${uri}>` +
        `<tuple destination='mailto:x@example.com' availableUntil='2525-12-31T23:59:59-08:00' /></presence></publish>`,
    );
  }

  /** What was sent since the last call, one short line for each message. */
  take(): string[] {
    return this.received.splice(0).map(line);
  }
}

export function line({ to, operation }: Received): string {
  const address = `${to.replace(`@${DOMAIN}`, '')} ${'transID' in operation ? operation.transID : ''}`;
  switch (operation.kind) {
    case 'reply':
      return `${address}: reply ${operation.code}`;
    case 'publish':
      return `${address}: publish ${Date.parse(operation.presence.lastUpdate)}`;
    case 'notify': {
      const duration = operation.action === 'subscribe' ? ` ${operation.duration}` : '';
      return `${address}: notify ${operation.action} ${operation.subscriber.replace(`@${DOMAIN}`, '')}${duration}`;
    }
    case 'terminate':
      return `${address}: terminate ${operation.code}`;
    case 'set': {
      const { owner, actor, actions, lastUpdate = '' } = operation.access;
      const entry = [owner, actor].map((text) => text.replaceAll(`@${DOMAIN}`, '')).join(' ');
      return `${address}: set ${entry} ${actions?.join(' ') ?? '-'} ${Date.parse(lastUpdate)}`;
    }
    default:
      return `${address}: ${operation.kind}`;
  }
}

/** Some turns of the event loop. */
export async function turns(count = 5): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** When the endpoints of a furnished house were provisioned. */
export const CREATED = 1_000_000;

export type FaultyHouse = House & { readonly store: FaultyStore };

/** A house with three endpoints, whose store can be told to be slow and to fail. */
export async function furnished(options: Partial<OwnerOptions> = {}): Promise<FaultyHouse> {
  const house = new House(new FaultyStore(new MemoryStore()), new VirtualClock(), options);
  await house.owner.start();
  for (const name of ['fred', 'wilma', 'barney']) await house.administration.provision(`${name}@${DOMAIN}`);
  return house as FaultyHouse;
}

/** A house that has forgotten everything but its store and its clock. */
export async function restarted(before: FaultyHouse): Promise<FaultyHouse> {
  const after = new House(before.store, before.clock);
  await after.owner.start();
  return after as FaultyHouse;
}
