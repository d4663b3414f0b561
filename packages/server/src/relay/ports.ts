import type { DataMessage, Option, PublishTemplate } from '@apex/protocol';
import type { Span } from '../tracing.ts';

/**
 * What the relay asks of those who serve it. The access decision and the services live on the
 * far side of the relay; it owns these ports, they implement them.
 */
export interface AccessPolicy {
  /** The verdict, if it can be had at once: the owner's entries are in memory, and nobody waits for them. */
  verdict(owner: string, actor: string, action: string): AccessVerdict | undefined;
  /**
   * Whether `actor` may do `action` (such as `core:data`) to `owner`. `decided` is called at once
   * when the owner's entries are in memory, else once they are; verdicts about one owner come in
   * the order in which they were asked for.
   */
  check(owner: string, actor: string, action: string, decided: (verdict: AccessVerdict) => void): void;
}

/** `unknown`: there is no such endpoint. `failed`: its entries could not be read. */
export type AccessVerdict = 'allowed' | 'denied' | 'unknown' | 'failed';

/** A service as the relay sees it: an endpoint `apex=name@domain` that takes data (RFC 3340 §6). */
export interface ServicePort {
  /** The part behind `apex=`, such as `presence`. */
  readonly name: string;
  /** Takes data that the relay has accepted and the access check has allowed. Never throws. */
  receive(data: ServiceData): void;
}

/** Data that a service was addressed with. */
export interface ServiceData {
  readonly originator: string;
  /** The endpoint of the service that was addressed. */
  readonly recipient: string;
  /** The message; its content is what the service understands. */
  readonly message: DataMessage;
  /** In which it came, where there is tracing. */
  readonly span?: Span | undefined;
}

/** What became of data for one recipient, to be told to its originator (RFC 3340 §6.2). */
export interface Report {
  /** Whose report service tells. */
  readonly domain: string;
  /** Who is told. */
  readonly recipient: string;
  /** That of the option which asked for it. */
  readonly transID: number;
  readonly destination: { readonly identity: string; readonly code: number; readonly text: string };
  /** Of the data that carries the report. */
  readonly options: readonly Option[];
}

/** The report service as the relay sees it (RFC 3340 §6.2). */
export interface ReportPort {
  /** Sends a statusResponse, as well as it can. Never throws. */
  report(report: Report): void;
}

/**
 * The payload of one `data`, made when it is sent: octets, or one of many copies that differ in recipient and transID
 * only.
 */
export type Payload = (() => Uint8Array) | PublishCopy;

export interface PublishCopy {
  readonly template: PublishTemplate;
  readonly recipient: string;
  readonly transID: number;
}

/** One APEX channel as the relay uses it; the profile adapter implements it over BEEP. */
export interface RelayLink {
  /** Sends one `data` MSG; `acknowledged` gets undefined for `ok`, else what went wrong. */
  sendData(payload: Payload, acknowledged: (failure: Error | undefined) => void): void;
  /**
   * Sends a `terminate` MSG (RFC 3340 §4.4.3). `answered` is called once, when the peer has answered, whatever it said,
   * or can no longer.
   */
  sendTerminate(transID: number, code: number, text: string, answered?: () => void): void;
  /** Payload octets that the peer has not taken yet. */
  readonly unsentOctets: number;
  /**
   * Calls back once the relay has learnt of all that the peer has done up to now, such as leaving. Absent: it learns
   * of that at once.
   */
  caughtUp?(then: () => void): void;
  /** Ends the whole session at once. */
  abort(reason: Error): void;
}
