import type { Load } from '../cases.ts';
import { measureRounds } from '../rounds.ts';
import { apexdSubject } from '../server.ts';
import { capacityOf, type GrowthOutcome, type GrowthSetting } from './setting.ts';

/** How many deliveries there are in a second, and how late they are, as the subscribers of one publisher grow. */
export async function fanOutGrowth(setting: GrowthSetting): Promise<GrowthOutcome> {
  const { sizes, descriptors, workers, code } = setting;
  // The load generator is one process.
  const possible = sizes.filter((size) => size < capacityOf(descriptors));
  const cases = possible.map((size): [string, Load] => [
    `fan-out-${size}`,
    { mode: 'fanout', publishers: 1, subscribers: size },
  ]);
  const { samples, failure } = await measureRounds(
    {
      ...setting,
      cases: Object.fromEntries(cases),
      subjects: [apexdSubject(workers, code)],
      calibrated: false,
    },
    () => {},
  );
  const growth = {
    name: 'fan-out',
    samples: samples.map(({ round, row }) => ({
      size: Number(row.name.slice('fan-out-'.length)),
      round,
      figures: {
        deliveriesPerSecond: row.deliveriesPerSecond!,
        p50Ms: row.p50Ms!,
        p99Ms: row.p99Ms!,
      },
    })),
    skipped: sizes
      .filter((size) => !possible.includes(size))
      .map((size) => ({ size, reason: `a process may have ${descriptors} descriptors` })),
  };
  return failure === undefined ? { growth } : { growth, failure };
}
