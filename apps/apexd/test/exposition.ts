/** The text format of Prometheus, read as strictly as a test needs it. */
export interface Exposed {
  readonly kind: string;
  readonly help: string;
  readonly samples: {
    readonly name: string;
    readonly labels: Record<string, string>;
    readonly value: number;
  }[];
}

export function parseExposition(text: string): ReadonlyMap<string, Exposed> {
  const families = new Map<string, Exposed>();
  let help = '';
  let last: Exposed | undefined;
  let lastName = '';
  for (const line of text.split('\n').filter((one) => one !== '')) {
    const [, about, name = '', rest = ''] = /^# (HELP|TYPE) (\S+) (.*)$/.exec(line) ?? [];
    if (about === 'HELP') help = rest;
    else if (about === 'TYPE') {
      if (families.has(name)) throw new Error(`${name} is there twice`);
      last = { kind: rest, help, samples: [] };
      lastName = name;
      families.set(name, last);
    } else {
      const found = /^([a-z_0-9]+)(?:\{(.*)\})? (\S+)$/.exec(line);
      if (found === null || last === undefined) throw new Error(`not a sample: ${line}`);
      const [, sample = '', labels = '', value = ''] = found;
      if (!sample.startsWith(lastName)) throw new Error(`${sample} stands under ${lastName}`);
      last.samples.push({
        name: sample,
        labels: labelsOf(labels),
        value: Number(value.replace('Inf', 'Infinity')),
      });
    }
  }
  return families;
}

function labelsOf(text: string): Record<string, string> {
  const labels: Record<string, string> = {};
  for (const [, name = '', value = ''] of text.matchAll(/([a-z_]+)="([^"\\]*)",?/g)) labels[name] = value;
  return labels;
}

/** The samples of a name that have these labels, added up. */
export function sum(
  families: ReadonlyMap<string, Exposed>,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): number {
  const family = families.get(name) ?? families.get(name.replace(/_(bucket|sum|count)$/, ''));
  if (family === undefined) throw new Error(`there is no ${name}`);
  return family.samples
    .filter((one) => one.name === name)
    .filter((one) => Object.entries(labels).every(([label, value]) => one.labels[label] === value))
    .reduce((total, { value }) => total + value, 0);
}
