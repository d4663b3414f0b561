import type { Figure } from '../../src/figures/figure.ts';

/** The number of this name that has exactly these labels; undefined when there is none. */
export function numberOf(
  figures: readonly Figure[],
  name: string,
  labels: Readonly<Record<string, string>> = {},
  part?: 'bucket' | 'sum' | 'count',
): number | undefined {
  const wanted = JSON.stringify(Object.entries(labels).toSorted());
  return figures
    .find((figure) => figure.name === name)
    ?.samples.find(
      (one) => one.part === part && JSON.stringify(Object.entries(one.labels).toSorted()) === wanted,
    )?.value;
}
