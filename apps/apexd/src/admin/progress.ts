import * as z from 'zod';

/** How far long work is. */
export const progressSchema = z.strictObject({
  /** What is being done, such as `deriving passwords`. */
  step: z.string(),
  done: z.number().min(0),
  /** Absent when it is not known how much there is. */
  total: z.number().min(0).optional(),
});

export type Progress = z.output<typeof progressSchema>;

export type Report = (progress: Progress) => void;

/** How often at most people are shown anew, in milliseconds. */
const INTERVAL_MS = 100;

/** Passes on the first of each step, and then one in a while: work tells of every single thing. */
export function nowAndThen(report: Report): Report {
  let shown: { readonly step: string; readonly at: number } | undefined;
  return (progress) => {
    const at = performance.now();
    if (shown?.step === progress.step && at - shown.at < INTERVAL_MS) return;
    shown = { step: progress.step, at };
    report(progress);
  };
}
