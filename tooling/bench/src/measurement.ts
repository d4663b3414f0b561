import type { Load } from './cases.ts';

/** One case against one running server. */
export interface Measurement {
  readonly name: string;
  readonly load: Load;
  readonly port: number;
  /** The server's process, for its memory and processor time. */
  readonly pid: number;
  readonly seconds: number;
}
