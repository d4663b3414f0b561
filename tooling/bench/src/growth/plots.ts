import type { Axis, Plot } from '../plot.ts';
import { summaryOf } from '../statistics.ts';
import type { Growth } from './growth.ts';

/** A picture of some figures of a growth. */
interface Picture {
  readonly growth: string;
  /** The end of the file's name. */
  readonly name: string;
  readonly title: string;
  readonly x: string;
  readonly y: Axis;
  readonly series: Readonly<Record<string, string>>;
}

const subscribers = 'subscribers of one publisher';
const connections = 'idle connections, each subscribed';
const subscriptions = 'stored subscriptions';

const pictures: readonly Picture[] = [
  {
    growth: 'fan-out',
    name: 'rate',
    title: 'Fan-out: acknowledged deliveries',
    x: subscribers,
    y: { title: 'deliveries per second', scale: 'linear' },
    series: { deliveriesPerSecond: 'deliveries' },
  },
  {
    growth: 'fan-out',
    name: 'latency',
    title: 'Fan-out: from the publisher to a subscriber',
    x: subscribers,
    y: { title: 'latency in milliseconds', scale: 'logarithmic' },
    series: { p50Ms: 'p50', p99Ms: 'p99' },
  },
  {
    growth: 'idle',
    name: 'memory',
    title: 'Idle connections: resident memory of the server',
    x: connections,
    y: { title: 'memory in MiB', scale: 'logarithmic' },
    series: { memoryMib: 'memory' },
  },
  {
    growth: 'idle',
    name: 'connection',
    title: 'Idle connections: resident memory of each',
    x: connections,
    y: { title: 'memory in KiB per connection', scale: 'linear' },
    series: { kibPerConnection: 'memory' },
  },
  {
    growth: 'subscriptions',
    name: 'start',
    title: 'Stored subscriptions: from the start to serving',
    x: subscriptions,
    y: { title: 'time in seconds', scale: 'linear' },
    series: { startSeconds: 'start' },
  },
  {
    growth: 'subscriptions',
    name: 'memory',
    title: 'Stored subscriptions: resident memory of the server',
    x: subscriptions,
    y: { title: 'memory in MiB', scale: 'linear' },
    series: { memoryMib: 'memory' },
  },
  {
    growth: 'subscriptions',
    name: 'publish',
    title: 'Stored subscriptions: a publish, until it is on the disk and back',
    x: subscriptions,
    y: { title: 'time in milliseconds', scale: 'linear' },
    series: { publishMs: 'publish' },
  },
];

/** The plots of a growth by the names of their files; none when nothing was measured. */
export function plotsOf(growth: Growth): Readonly<Record<string, Plot>> {
  if (growth.samples.length === 0) return {};
  const chosen = pictures.filter((picture) => picture.growth === growth.name);
  return Object.fromEntries(
    chosen.map((picture) => [`growth-${growth.name}-${picture.name}.svg`, plotOf(growth, picture)]),
  );
}

function plotOf({ samples, skipped }: Growth, { title, x, y, series }: Picture): Plot {
  const sizes = [...new Set(samples.map(({ size }) => size))].sort((one, other) => one - other);
  return {
    title,
    x: { title: x, scale: 'logarithmic' },
    y,
    series: Object.entries(series).map(([figure, name]) => ({
      name,
      points: sizes.map((size) => ({
        x: size,
        y: summaryOf(samples.filter((sample) => sample.size === size).map(({ figures }) => figures[figure]!)),
      })),
    })),
    notes: [
      ...skipped.map(({ size, reason }) => `${size.toLocaleString('en-US')} not measured: ${reason}`),
      ...workerNotes(samples),
    ],
  };
}

/** Which sizes were measured with workers, since that changes what a connection costs. */
function workerNotes(samples: Growth['samples']): readonly string[] {
  const bySize = new Map(samples.map(({ size, figures }) => [size, figures['workers'] ?? 0]));
  return [...bySize].flatMap(([size, workers]) =>
    workers === 0 ? [] : [`${size.toLocaleString('en-US')}: ${workers} workers hold the connections`],
  );
}
