/** The frames of RFC 3080 §2.2.1 and RFC 3081 §3.1.3. */
export type Frame = DataFrame | SeqFrame;

/** The kinds of frames that carry messages (RFC 3080 §2.2.1.1). */
export type DataKind = 'MSG' | 'RPY' | 'ERR' | 'ANS' | 'NUL';

/** The header of a data frame, as its line says it. */
export interface DataHeader {
  readonly kind: DataKind;
  readonly channel: number;
  readonly msgno: number;
  /** Continuation indicator: true for `*` (intermediate), false for `.` (complete). */
  readonly more: boolean;
  readonly seqno: number;
  /** Payload octets. */
  readonly size: number;
  /** Answer number; 0 in frames other than ANS, which have none. */
  readonly ansno: number;
}

export interface DataFrame extends DataHeader {
  readonly payload: Uint8Array;
}

/** A SEQ frame: how much more the peer may send on a channel (RFC 3081 §3.1.3). */
export interface SeqFrame {
  readonly kind: 'SEQ';
  readonly channel: number;
  readonly ackno: number;
  /** Octets, counted from `ackno`. */
  readonly window: number;
}

/** Largest channel number, msgno, size, window, and ansno (B5). */
export const maxNumber = 2_147_483_647;

/** Largest seqno and ackno. */
export const maxSeqno = 4_294_967_295;

/** Octets of the longest header line, CRLF included (B4). */
export const maxHeaderOctets = 62;

/** Octets of `END` CR LF. */
export const trailerOctets = 5;
