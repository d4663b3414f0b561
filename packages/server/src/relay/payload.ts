import type { Payload as BeepPayload } from '@apex/beep';
import type { Payload } from './ports.ts';

/** A payload as BEEP sends it. */
export function beepPayloadOf(payload: Payload): BeepPayload {
  return typeof payload === 'function'
    ? payload()
    : payload.template.copy(payload.recipient, payload.transID);
}

/** The octets of a payload. */
export function octetsOf(payload: Payload): Uint8Array {
  const made = beepPayloadOf(payload);
  if (made instanceof Uint8Array) return made;
  const octets = new Uint8Array(made.length);
  made.write(octets, 0, 0, made.length);
  return octets;
}
