/**
 * What a server tells about itself in numbers, as plain data: it can be cloned, so that processes tell it to each
 * other, and whoever runs the server gives it to the monitoring of their choice. Names and units follow the
 * conventions of Prometheus (base units, `_total` for what only grows). What is behind them is counted in the places
 * where it happens, by integers (Tally, Histogram and fields of objects); figures are made when somebody asks.
 */
export interface Figure {
  /** Such as `apex_deliveries_total`. */
  readonly name: string;
  /** A counter only grows, until its process ends; a gauge is what is now. */
  readonly kind: 'counter' | 'gauge' | 'histogram';
  /** One line. */
  readonly help: string;
  readonly samples: readonly Sample[];
}

/** One number. Labels have few values each, which no peer can make more of. */
export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
  /** Of a histogram: how many values were at most the label `le`, what all of them come to, how many there were. */
  readonly part?: 'bucket' | 'sum' | 'count';
}

/** Tells figures as they are now. */
export type FigureSource = () => Promise<readonly Figure[]>;

/** What only grows; a number stands for one sample without labels. */
export function counter(name: string, help: string, samples: number | readonly Sample[]): Figure {
  return { name, kind: 'counter', help, samples: samplesOf(samples) };
}

/** What is now. */
export function gauge(name: string, help: string, samples: number | readonly Sample[]): Figure {
  return { name, kind: 'gauge', help, samples: samplesOf(samples) };
}

export function sample(labels: Sample['labels'], value: number): Sample {
  return { labels, value };
}

/** Figures of several sources; those with one name become one. */
export function joined(...sources: readonly (readonly Figure[])[]): readonly Figure[] {
  const byName = new Map<string, Figure>();
  for (const figure of sources.flat()) {
    const known = byName.get(figure.name);
    const samples = [...(known?.samples ?? []), ...figure.samples];
    byName.set(figure.name, { ...(known ?? figure), samples });
  }
  return [...byName.values()];
}

/** The same with one label more: the process that tells them. */
export function ofProcess(process: string, figures: readonly Figure[]): readonly Figure[] {
  return figures.map((figure) => ({
    ...figure,
    samples: figure.samples.map((one) => ({ ...one, labels: { ...one.labels, process } })),
  }));
}

function samplesOf(samples: number | readonly Sample[]): readonly Sample[] {
  return typeof samples === 'number' ? [sample({}, samples)] : samples;
}
