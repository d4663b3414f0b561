import type { Payload } from '../relay/ports.ts';
import type { AccessRecord } from '../store/ports.ts';

/**
 * How services send (RFC 3340 §6): to the relay they are attachments like any other. The relay's
 * side is put behind this port where the server is put together.
 */
export interface EffectSink {
  /**
   * Sends data from a service to an endpoint. The payload is made only when the endpoint is attached; to one that is not, nothing is sent (P9). Messages to one recipient
   * leave in the order of the calls. Never throws.
   */
  send(service: string, recipient: string, payload: Payload): void;
  /** For the audit: an access entry was set, or removed (`actions` undefined). */
  accessChanged(access: AccessRecord, by: string | undefined): void;
  /** P12: ends the attachments of an endpoint and of all its subaddresses. */
  detach(endpoint: string, code: number, text: string): void;
}

/** Data that a service refused for what it is (P13), or dropped without an answer (P13, C17), for the log. */
export interface RefusedData {
  /** Of the answer; undefined when there was none. */
  readonly replyCode: number | undefined;
  readonly originator: string;
  readonly service: string;
  /** Stable name of the cause, such as `element.name`. */
  readonly code: string;
  readonly text: string;
}
