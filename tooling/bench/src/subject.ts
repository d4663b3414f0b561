import type { Load } from './cases.ts';

/** A server that is measured, and how it is spoken to. */
export interface Subject {
  readonly name: string;
  readonly protocol: 'apex' | 'xmpp';
  readonly domain: string;
  /** Provisions what the load needs in an empty folder, and starts a server on it. */
  start(folder: string, load: Load): Promise<BenchServer>;
}

export interface BenchServer {
  readonly port: number;
  /** Its process, for its memory and processor time. */
  readonly pid: number;
  stop(): Promise<void>;
}
