import type {
  AccessRecord,
  HeldRecord,
  OperationRecord,
  PresenceRecord,
  ScramCredentials,
  StoreWrite,
} from './ports.ts';

/** Records for tests of stores. */
export const FRED = 'fred@example.com';
export const WILMA = 'wilma@example.com';
export const BARNEY = 'barney@example.com';

export function endpoint(name: string, createdAt: number): StoreWrite {
  return { kind: 'put-endpoint', endpoint: name, createdAt };
}

export function presence(name: string, revision: number): PresenceRecord {
  return {
    endpoint: name,
    lastUpdate: 1000 + revision,
    revision,
    publisherInfo: '',
    tuplesXml: `<tuple n='${revision}' />`,
  };
}

export function operation(
  subject: string,
  originator: string,
  transID: number,
  kind: 'subscribe' | 'watch' = 'subscribe',
): OperationRecord {
  return { subject, kind, originator, transID, durationSeconds: 3600, deadline: 1_800_000_000_000 };
}

export function access(
  owner: string,
  actor: string,
  actions: readonly string[] | undefined,
  lastUpdate: number,
): AccessRecord {
  return { owner, actor, actions, lastUpdate };
}

export function credentials(
  octet: number,
  mechanism: ScramCredentials['mechanism'] = 'SCRAM-SHA-256',
): ScramCredentials {
  const octets = (length: number) => new Uint8Array(length).map((_, index) => octet + index);
  return {
    mechanism,
    salt: octets(16),
    iterations: 4096,
    storedKey: octets(32),
    serverKey: octets(32).fill(0, 8),
  };
}

export function held(id: number, recipient: string): HeldRecord {
  const payload = Uint8Array.from({ length: 300 }, (_, index) => (id + index) % 256);
  return { id, recipient, arrivedAt: 1_700_000_000_000 + id, deadline: 1_800_000_000_000 + id, payload };
}
