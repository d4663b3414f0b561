import { durationBounds, Histogram, sizeBounds } from '../figures/histogram.ts';
import { type SubjectLimitName, subjectLimitNames } from '../figures/limit-name.ts';
import { Tally } from '../figures/tally.ts';

/** What the owner counts; the numbers only grow. */
export interface OwnerCounters {
  decided: number;
  loads: number;
  failedLoads: number;
  failedBatches: number;
  expired: number;
  /** Publishes that were accepted. */
  published: number;
  /** Those of them that changed nothing but lastUpdate. */
  unchanged: number;
  readonly limits: Tally<SubjectLimitName>;
  /** Of publishes that were accepted: how many subscribers each had. */
  readonly fanOutSubscribers: Histogram;
  /** Of those that had any: seconds from the time when it was durable until all copies were handed to the relay. */
  readonly fanOutSeconds: Histogram;
}

export interface OwnerSizes {
  /** Operations in progress. */
  readonly operations: number;
  readonly operationsByKind: Readonly<Record<'subscribe' | 'watch', number>>;
  /** Deadlines that are set: one for each operation in progress. */
  readonly deadlines: number;
  /** Subjects in memory. */
  readonly subjects: number;
  /** Inputs that wait for the records of their subject. */
  readonly waiting: number;
  /** Decisions on their way to the store. */
  readonly undurable: number;
}

export function newCounters(): OwnerCounters {
  return {
    decided: 0,
    loads: 0,
    failedLoads: 0,
    failedBatches: 0,
    expired: 0,
    published: 0,
    unchanged: 0,
    limits: new Tally(subjectLimitNames),
    fanOutSubscribers: new Histogram(sizeBounds),
    fanOutSeconds: new Histogram(durationBounds),
  };
}
