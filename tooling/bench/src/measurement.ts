import type { Load } from './cases.ts';

/** One case against one running server. */
export interface Measurement {
  readonly name: string;
  readonly load: Load;
  readonly port: number;
  /** The server's process, for its memory and processor time. */
  readonly pid: number;
  readonly seconds: number;
  /** Load before the measurement begins. */
  readonly warmUpSeconds: number;
  /** Idle mode: how long the server is left alone, twice, before its memory is read. */
  readonly settleSeconds: number;
}
