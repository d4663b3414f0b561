import type { LoadGenerator } from '../load-generator.ts';
import type { Progress } from '../progress.ts';
import type { ServerCode } from '../server.ts';
import type { Growth, GrowthSample, Skipped } from './growth.ts';

/** With what growth is measured. */
export interface GrowthSetting {
  readonly sizes: readonly number[];
  readonly rounds: number;
  readonly seconds: number;
  readonly warmUpSeconds: number;
  /** How long a server is left alone before its memory is read. */
  readonly settleSeconds: number;
  readonly workers: number;
  /** Files and connections that one process may have open. */
  readonly descriptors: number;
  readonly code: ServerCode;
  readonly generate: LoadGenerator;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

/** What was measured before one of them failed or was interrupted, and why that was. */
export interface GrowthOutcome {
  readonly growth: Growth;
  readonly failure?: Error;
}

/** Collects what `measure` finds, and keeps it when it fails. */
export async function collected(
  name: string,
  measure: (found: GrowthSample[], skipped: Skipped[]) => Promise<void>,
): Promise<GrowthOutcome> {
  const samples: GrowthSample[] = [];
  const skipped: Skipped[] = [];
  const growth = { name, samples, skipped };
  try {
    await measure(samples, skipped);
    return { growth };
  } catch (error) {
    return { growth, failure: error as Error };
  }
}

/** Descriptors that a process needs for itself, whatever it serves. */
const OWN_DESCRIPTORS = 200;

/** Connections that one process can hold. */
export function capacityOf(descriptors: number): number {
  return Math.max(0, descriptors - OWN_DESCRIPTORS);
}
