/** What a publisher puts into `tupleInfo` to know its updates again: 100 octets, as in loadgen.c. */
export interface Update {
  readonly publisher: number;
  /** Counts the updates of this publisher from 1. */
  readonly number: number;
  /** `performance.now()` of this process, in milliseconds, just before it was sent. */
  readonly sentAt: number;
}

const OCTETS = 100;
const MARK = 'BNCH:';
const pattern = /^BNCH:(\d+):(\d+):(\d+(?:\.\d+)?):x*$/;

export function formatUpdate({ publisher, number, sentAt }: Update): string {
  return `${MARK}${publisher}:${number}:${sentAt}:`.padEnd(OCTETS, 'x');
}

/** Finds an update in a message, without parsing the rest of it. */
export function findUpdate(payload: Uint8Array): Update | undefined {
  const octets = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
  const at = octets.indexOf(MARK, 0, 'latin1');
  const match = at < 0 ? null : pattern.exec(octets.toString('latin1', at, at + OCTETS));
  if (match === null) return undefined;
  return { publisher: Number(match[1]), number: Number(match[2]), sentAt: Number(match[3]) };
}
