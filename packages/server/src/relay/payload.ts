import type { Payload } from './ports.ts';

/** The octets of a payload. */
export function octetsOf(payload: Payload): Uint8Array {
  return typeof payload === 'function'
    ? payload()
    : payload.template.encode(payload.recipient, payload.transID);
}
