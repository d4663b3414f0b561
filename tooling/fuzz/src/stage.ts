import { type Profile, type ServerMechanism, saslProfile, tlsProfile } from '@apex/beep';
import { formatApexUrl, formatTimestamp, formatTuples } from '@apex/protocol';
import { createDomain, MemoryStore, relayProfile, type StoreWrite } from '@apex/server';
import { VirtualClock } from '@apex/vitest/virtual-clock';
import { mechanisms, PEER } from './mechanisms.ts';

/** A fresh server domain in memory, and what it offers to a session. */
export interface Stage {
  readonly clock: VirtualClock;
  readonly profiles: readonly Profile[];
  /** What must not happen, whatever a peer says. */
  readonly failures: unknown[];
  /** MSGs that the profile `urn:silent` keeps without an answer. */
  readonly kept: Uint8Array[];
}

const authentication: Promise<readonly ServerMechanism[]> = mechanisms();
const createdAt = 900_000_000_000;

/** `example.com` with fred, who may do everything with his own, and wilma, who lets everybody do everything. */
export async function openStage(): Promise<Stage> {
  // Nothing depends on turns of the event loop, so that an input is worked off in the same way each time.
  const clock = new VirtualClock(queueMicrotask);
  clock.offset = 1_000_000_000_000;
  const store = new MemoryStore();
  await store.commit([...provisioned(PEER), ...provisioned('wilma@example.com')]);
  const domain = await createDomain({
    domain: 'example.com',
    store,
    clock,
    limits: { tuples: 4, operationsPerOriginator: 16, accessEntries: 16, heldMessagesPerEndpoint: 4 },
    mesh: {
      forward: ({ domain: to }, settled) =>
        settled(to.includes('no') ? new Error('no way there') : undefined),
      mayBind: () => true,
      isTrusted: (trusted) => trusted.includes('slate'),
      bound: () => {},
      unbound: () => {},
      ended: () => {},
    },
  });
  const failures: unknown[] = [];
  const kept: Uint8Array[] = [];
  return {
    clock,
    failures,
    kept,
    profiles: [
      tlsProfile(),
      ...(await authentication).map((mechanism) =>
        saslProfile(mechanism, { report: (error) => failures.push(error) }),
      ),
      relayProfile(domain.relay),
      {
        uri: 'urn:echo',
        start: (request) => {
          const reply = request.initialization;
          request.accept(
            { message: (exchange) => exchange.reply(exchange.payload), closed: () => {} },
            reply,
          );
        },
      },
      {
        uri: 'urn:answers',
        start: (request) => {
          request.accept({
            message(exchange) {
              for (let count = 0; count < 3; count += 1) exchange.answer(exchange.payload);
              exchange.end();
            },
            closed: () => {},
          });
        },
      },
      {
        uri: 'urn:silent',
        start: (request) => {
          const channel = request.accept({
            message: (exchange) => void kept.push(exchange.payload),
            closing: () => {},
            closed: () => {},
          });
          channel.send(new TextEncoder().encode('\r\nwhat is it?'), () => {});
        },
      },
    ],
  };
}

function provisioned(endpoint: string): readonly StoreWrite[] {
  const tuple = {
    destination: formatApexUrl(endpoint),
    availableUntil: formatTimestamp(createdAt),
    tupleInfo: '',
    capabilities: [],
  };
  const entry = { endpoint, lastUpdate: createdAt, revision: 1, publisherInfo: '' };
  return [
    { kind: 'put-endpoint', endpoint, createdAt },
    { kind: 'put-presence', presence: { ...entry, tuplesXml: formatTuples([tuple]) } },
    {
      kind: 'put-access',
      access: { owner: endpoint, actor: '*@*', actions: ['all:all'], lastUpdate: createdAt },
    },
  ];
}
