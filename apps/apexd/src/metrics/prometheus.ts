import type { Figure, FigureSource, Sample } from '@apex/server';
import { AggregatorRegistry, collectDefaultMetrics, Registry } from 'prom-client';

/** Walk through everything that is open, and tell no more than the figures of sessions do. */
const LEFT_OUT = /^nodejs_active_/;

interface Value {
  readonly metricName?: string;
  readonly labels: Partial<Record<string, string | number>>;
  readonly value: number;
}

/** What prom-client measures of every process: processor time, memory, the event loop, the collection of garbage. */
export function processFigures(): FigureSource {
  const register = new Registry();
  collectDefaultMetrics({ register });
  for (const { name } of register.getMetricsAsArray()) {
    if (LEFT_OUT.test(name)) register.removeSingleMetric(name);
  }
  return async () => {
    const metrics = await register.getMetricsAsJSON();
    return metrics.map(({ name, help, type, values }) => ({
      name,
      help,
      // As it is said in the text that everybody reads, though the declaration says it is a number.
      kind: String(type) as Figure['kind'],
      samples: values.map((value) => sampleOf(name, value)),
    }));
  };
}

export const contentType: string = Registry.PROMETHEUS_CONTENT_TYPE;

/** The text format of Prometheus. */
export function exposition(figures: readonly Figure[]): Promise<string> {
  const metrics = figures.map(({ name, help, kind, samples }) => ({
    name,
    help,
    type: kind,
    // There is one of each name and labels.
    aggregator: 'first',
    values: samples.map(({ labels, value, part }) => ({
      labels,
      value,
      ...(part === undefined ? {} : { metricName: `${name}_${part}` }),
    })),
  }));
  return AggregatorRegistry.aggregate([metrics]).metrics();
}

function sampleOf(name: string, { metricName, labels, value }: Value): Sample {
  const texts = Object.entries(labels).map(([label, text]) => [label, String(text)] as const);
  const part = metricName?.slice(name.length + 1);
  return {
    labels: Object.fromEntries(texts),
    value,
    ...(part === 'bucket' || part === 'sum' || part === 'count' ? { part } : {}),
  };
}
