import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { openSqliteStore, type StoreWrite } from '@apex/server';
import type { Application } from '../application.ts';
import { residentKib } from '../process-usage.ts';
import { Publisher } from '../roles.ts';
import { DOMAIN, provision, serve } from '../server.ts';
import { median } from '../statistics.ts';
import { Tally } from '../tally.ts';
import { collected, type GrowthOutcome, type GrowthSetting } from './setting.ts';

/** Subscriptions of each publisher, and of each subscriber. */
const EACH = 100;
/** Publishers that are attached and publish, and how often each of them does. */
const PUBLISHING = 5;
const PUBLISHES = 20;
const MONTH_SECONDS = 2_592_000;
/** Writes of one commit. */
const BATCH = 4000;

/**
 * What a server with stored subscriptions needs until it serves, how much memory it has then, and how long a
 * publish takes: each endpoint has 100 subscribers, none of which is attached, so that only the number of the
 * others grows.
 */
export function subscriptionGrowth(setting: GrowthSetting): Promise<GrowthOutcome> {
  return collected('subscriptions', async (found) => {
    const { sizes, rounds, code, progress, signal } = setting;
    const parent = mkdtempSync(join(tmpdir(), 'apex-growth-'));
    try {
      for (const size of sizes) {
        progress.show(`${size} stored subscriptions: provisioning`);
        signal.throwIfAborted();
        const folder = join(parent, String(size));
        mkdirSync(folder);
        provision(
          folder,
          Array.from({ length: PUBLISHING }, (_, index) => `p${index}`),
          code,
        );
        await fill(join(folder, 'data'), size);
      }
      for (let round = 1; round <= rounds; round += 1) {
        for (const size of sizes) {
          progress.show(`round ${round} of ${rounds}: ${size} stored subscriptions`);
          signal.throwIfAborted();
          found.push({ size, round, figures: await measure(join(parent, String(size)), setting) });
        }
      }
    } finally {
      rmSync(parent, { recursive: true, force: true });
      progress.clear();
    }
  });
}

/** Endpoint p0 subscribes to p1, p2, … p100, and so does each to those behind it, round in a circle. */
async function fill(dataDir: string, size: number): Promise<void> {
  const endpoints = Math.max(EACH + 1, Math.ceil(size / EACH));
  const deadline = Date.now() + MONTH_SECONDS * 1000;
  const store = await openSqliteStore({ dataDir });
  let batch: StoreWrite[] = [];
  const put = async (write: StoreWrite): Promise<void> => {
    batch.push(write);
    if (batch.length < BATCH) return;
    await store.commit(batch);
    batch = [];
  };
  for (let index = PUBLISHING; index < endpoints; index += 1) {
    await put({ kind: 'put-endpoint', endpoint: endpointOf(index), createdAt: Date.now() });
  }
  for (let count = 0; count < size; count += 1) {
    const subscriber = Math.floor(count / EACH);
    await put({
      kind: 'put-operation',
      operation: {
        subject: endpointOf((subscriber + 1 + (count % EACH)) % endpoints),
        kind: 'subscribe',
        originator: endpointOf(subscriber),
        transID: 1_000_000 + (count % EACH),
        durationSeconds: MONTH_SECONDS,
        deadline,
      },
    });
  }
  if (batch.length > 0) await store.commit(batch);
  await store.close();
}

function endpointOf(index: number): string {
  return `p${index}@${DOMAIN}`;
}

async function measure(
  folder: string,
  { code, workers, settleSeconds }: GrowthSetting,
): Promise<Readonly<Record<string, number>>> {
  const from = performance.now();
  const server = await serve(folder, code, workers);
  const startSeconds = (performance.now() - from) / 1000;
  try {
    await sleep(settleSeconds * 1000);
    const memoryMib = residentKib(server.pid) / 1024;
    return { startSeconds, memoryMib, publishMs: await publishMs(server.port) };
  } finally {
    await server.stop();
  }
}

/** Median time from the send of an update until it is on the disk and its publisher has its own copy. */
async function publishMs(port: number): Promise<number> {
  const times: number[] = [];
  for (let index = 0; index < PUBLISHING; index += 1) times.push(...(await publishTimes(port, index)));
  return median(times);
}

/** One publisher at a time is attached: each is a subscriber of the others. */
async function publishTimes(port: number, index: number): Promise<readonly number[]> {
  const failure = Promise.withResolvers<never>();
  const tally = new Tally();
  let over = false;
  let application: Application | undefined;
  const publisher = new Publisher(index, 0, tally, (error) => {
    if (!over) failure.reject(error);
  });
  const work = async (): Promise<readonly number[]> => {
    await publisher.start(port, (attached) => {
      application = attached;
    });
    const times: number[] = [];
    for (let count = 0; count < PUBLISHES; count += 1) {
      const from = performance.now();
      publisher.publish();
      await tally.quiet();
      times.push(performance.now() - from);
    }
    return times;
  };
  try {
    return await Promise.race([work(), failure.promise]);
  } finally {
    over = true;
    application?.leave();
  }
}
