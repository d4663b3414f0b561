import { setTimeout as sleep } from 'node:timers/promises';
import type { Application } from './application.ts';
import type { Measurement } from './measurement.ts';
import { processorSeconds, residentKib } from './process-usage.ts';
import { Publisher, Subscriber } from './roles.ts';
import type { Row } from './table.ts';
import { quantile, Tally } from './tally.ts';

/** Connections that are being set up at the same time. */
const LOGINS = 64;
/** How long updates may take to reach all subscribers when no more follow, in milliseconds. */
const DRAIN_MS = 60_000;

/**
 * Puts a load on a server, as loadgen.c does: each publisher has one update on its way at a time, which
 * is complete when all of its subscribers have it. Rejects when an update does not arrive, or when the
 * server refuses anything.
 */
export async function drive(measurement: Measurement): Promise<Row> {
  const failure = Promise.withResolvers<never>();
  failure.promise.catch(() => {}); // whoever waits for something else meanwhile learns of it there
  const applications: Application[] = [];
  let over = false;
  const failed = (error: Error): void => {
    if (!over) failure.reject(error);
  };
  try {
    const work = measurement.load.mode === 'idle' ? measureIdle : measureUpdates;
    return await Promise.race([work(measurement, applications, failed), failure.promise]);
  } finally {
    over = true;
    for (const application of applications) application.leave();
  }
}

type Failed = (error: Error) => void;

async function measureIdle(
  { name, load, port, pid, settleSeconds }: Measurement,
  applications: Application[],
  failed: Failed,
): Promise<Row> {
  const publisher = new Publisher(0, load.subscribers, new Tally(), failed);
  const subscribers = Array.from(
    { length: load.subscribers },
    (_, index) => new Subscriber(`u${index}@example.com`, publisher, failed),
  );
  const before = residentKib(pid);
  await startAll(subscribers, port, applications);
  await sleep(2 * settleSeconds * 1000);
  return { name, kibPerConnection: (residentKib(pid) - before) / load.subscribers };
}

async function measureUpdates(
  { name, load, port, pid, seconds, warmUpSeconds }: Measurement,
  applications: Application[],
  failed: Failed,
): Promise<Row> {
  const tally = new Tally();
  const perPublisher = load.mode === 'p2p' ? 1 : load.subscribers;
  const publishers = Array.from(
    { length: load.publishers },
    (_, index) => new Publisher(index, perPublisher, tally, failed),
  );
  const subscribers = publishers.flatMap((publisher) =>
    Array.from({ length: perPublisher }, (_, index) => {
      const endpoint = `u${publisher.index * perPublisher + index}@example.com`;
      return new Subscriber(endpoint, publisher, failed);
    }),
  );
  await startAll(subscribers, port, applications);
  await startAll(publishers, port, applications);
  // One update that everybody has to see: every subscription works.
  for (const publisher of publishers) publisher.publish();
  await drained(tally);

  tally.publishing = true;
  for (const publisher of publishers) publisher.publish();
  await sleep(warmUpSeconds * 1000);
  const processorBefore = processorSeconds(pid);
  const from = performance.now();
  tally.measuring = true;
  await sleep(seconds * 1000);
  tally.measuring = false;
  const elapsed = (performance.now() - from) / 1000;
  const processorAfter = processorSeconds(pid);
  tally.publishing = false;
  await drained(tally);

  const latencies = Float64Array.from(tally.latencies).sort();
  const deliveriesPerSecond = latencies.length / elapsed;
  return {
    name,
    deliveriesPerSecond,
    updatesPerSecond: deliveriesPerSecond / perPublisher,
    p50Ms: quantile(latencies, 0.5),
    p99Ms: quantile(latencies, 0.99),
    ...(processorBefore !== undefined &&
      processorAfter !== undefined && {
        serverCpuPercent: (100 * (processorAfter - processorBefore)) / elapsed,
      }),
    lost: tally.expected - tally.delivered,
  };
}

async function startAll(
  roles: readonly (Subscriber | Publisher)[],
  port: number,
  applications: Application[],
): Promise<void> {
  const next = roles.values();
  const startSome = async (): Promise<void> => {
    for (const role of next) await role.start(port, (application) => applications.push(application));
  };
  await Promise.all(Array.from({ length: LOGINS }, startSome));
}

async function drained(tally: Tally): Promise<void> {
  const late = new AbortController();
  const timeout = sleep(DRAIN_MS, 'late', { signal: late.signal });
  const outcome = await Promise.race([tally.quiet(), timeout]);
  if (outcome === 'late') throw new Error(`${tally.expected - tally.delivered} deliveries are missing`);
  timeout.catch(() => {}); // it is no longer waited for
  late.abort();
}
