import type { Summary } from './statistics.ts';

/** A picture of how something grows: lines through medians, with the range of the rounds at each of them. */
export interface Plot {
  readonly title: string;
  readonly x: Axis;
  readonly y: Axis;
  readonly series: readonly Series[];
  /** Lines below the picture, such as what was not measured, and why. */
  readonly notes: readonly string[];
}

export interface Axis {
  /** With its unit. */
  readonly title: string;
  /** A linear axis begins at 0; a logarithmic one takes figures above 0 only. */
  readonly scale: 'linear' | 'logarithmic';
}

export interface Series {
  readonly name: string;
  readonly points: readonly { readonly x: number; readonly y: Summary }[];
}

const WIDTH = 720;
const HEIGHT = 420;
const AREA = { left: 88, right: 640, top: 48, bottom: 340 } as const;
const LINE_HEIGHT = 16;

/** Series are of one colour, and told apart by the pattern of their lines. */
const dashes = ['none', '6 4', '2 3', '10 3 2 3'];

/**
 * Writes it as SVG. All is drawn in `currentColor`: the reader's colour where the picture is part of a page, and
 * one that suits a light or a dark scheme where it is an image. Throws RangeError without points, and for a
 * figure that its axis cannot show.
 */
export function plotSvg({ title, x, y, series, notes }: Plot): string {
  const points = series.flatMap((one) => one.points);
  const across = scaleOf(
    x.scale,
    points.map((point) => point.x),
    [AREA.left, AREA.right],
  );
  const up = scaleOf(
    y.scale,
    points.flatMap((point) => [point.y.least, point.y.most]),
    [AREA.bottom, AREA.top],
  );
  const height = HEIGHT + notes.length * LINE_HEIGHT;
  const middle = (AREA.left + AREA.right) / 2;
  const parts = [
    `<text class="title" x="${AREA.left}" y="24">${escaped(title)}</text>`,
    ...across.ticks.flatMap((tick) => [
      line('grid', across.at(tick), AREA.top, across.at(tick), AREA.bottom),
      `<text text-anchor="middle" x="${across.at(tick)}" y="${AREA.bottom + 20}">${numberText(tick)}</text>`,
    ]),
    ...up.ticks.flatMap((tick) => [
      line('grid', AREA.left, up.at(tick), AREA.right, up.at(tick)),
      `<text text-anchor="end" x="${AREA.left - 8}" y="${up.at(tick) + 4}">${numberText(tick)}</text>`,
    ]),
    line('axis', AREA.left, AREA.bottom, AREA.right, AREA.bottom),
    line('axis', AREA.left, AREA.top, AREA.left, AREA.bottom),
    `<text text-anchor="middle" x="${middle}" y="${AREA.bottom + 44}">${escaped(x.title)}</text>`,
    `<text text-anchor="middle" transform="translate(20 ${(AREA.top + AREA.bottom) / 2}) rotate(-90)">${escaped(y.title)}</text>`,
    ...series.flatMap((one, index) => drawn(one, index, across.at, up.at)),
    ...notes.map(
      (note, index) =>
        `<text class="note" x="${AREA.left}" y="${HEIGHT - 12 + index * LINE_HEIGHT}">${escaped(note)}</text>`,
    ),
  ];
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-label="${escaped(title)}">
<style>
:root { color: #1f2328 }
@media (prefers-color-scheme: dark) { :root { color: #e6edf3 } }
text { fill: currentColor; font: 12px system-ui, sans-serif }
.title { font-size: 15px; font-weight: 600 }
.note { opacity: 0.75 }
line, polyline { stroke: currentColor; fill: none }
.grid { opacity: 0.15 }
.series { stroke-width: 2 }
circle { fill: currentColor }
</style>
${parts.join('\n')}
</svg>
`;
}

type Place = (value: number) => number;

function drawn({ name, points }: Series, index: number, across: Place, up: Place): readonly string[] {
  const places = points.map((point) => `${across(point.x)},${up(point.y.median)}`);
  const last = points.at(-1);
  return [
    `<polyline class="series" stroke-dasharray="${dashes[index % dashes.length]}" points="${places.join(' ')}"/>`,
    ...points.flatMap(({ x, y }) => [
      line('range', across(x), up(y.least), across(x), up(y.most)),
      `<circle cx="${across(x)}" cy="${up(y.median)}" r="4"><title>${escaped(`${numberText(x)}: ${numberText(y.median)} (${numberText(y.least)} to ${numberText(y.most)})`)}</title></circle>`,
    ]),
    ...(last === undefined
      ? []
      : [`<text x="${across(last.x) + 8}" y="${up(last.y.median) + 4}">${escaped(name)}</text>`]),
  ];
}

function line(kind: string, x1: number, y1: number, x2: number, y2: number): string {
  return `<line class="${kind}" x1="${x1}" y1="${y1}" x2="${x2}" y2="${y2}"/>`;
}

function scaleOf(
  scale: Axis['scale'],
  values: readonly number[],
  [from, to]: readonly [number, number],
): { readonly at: Place; readonly ticks: readonly number[] } {
  const least = Math.min(...values);
  const most = Math.max(...values);
  if (!Number.isFinite(least) || !Number.isFinite(most))
    throw new RangeError('a plot needs points with figures');
  if (least < 0 || (least === 0 && scale === 'logarithmic')) {
    throw new RangeError(`${least} has no place on a ${scale} axis`);
  }
  const ticks = scale === 'linear' ? linearTicks(most) : logarithmicTicks(least, most);
  const place = scale === 'linear' ? (value: number) => value : Math.log10;
  const first = place(ticks[0]!);
  const span = place(ticks.at(-1)!) - first;
  return { ticks, at: (value) => tenths(from + ((place(value) - first) / span) * (to - from)) };
}

/** From 0 to the first one that is not below `most`, four to ten of them, in steps of 1, 2 or 5. */
function linearTicks(most: number): readonly number[] {
  const rough = (most || 1) / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= rough)!;
  const count = Math.max(1, Math.ceil(most / step - 1e-9));
  return Array.from({ length: count + 1 }, (_, index) => Number((index * step).toPrecision(12)));
}

/** Powers of ten around the values; within one decade, or two, 2 and 5 times those as well. */
function logarithmicTicks(least: number, most: number): readonly number[] {
  const first = Math.floor(Math.log10(least) + 1e-9);
  const last = Math.max(first + 1, Math.ceil(Math.log10(most) - 1e-9));
  const factors = last - first > 2 ? [1] : [1, 2, 5];
  const all = Array.from({ length: last - first + 1 }, (_, index) => 10 ** (first + index)).flatMap((power) =>
    factors.map((factor) => Number((factor * power).toPrecision(12))),
  );
  const from = all.findLastIndex((tick) => tick <= least * (1 + 1e-9));
  const to = all.findIndex((tick) => tick >= most * (1 - 1e-9));
  return to - from < 1 ? all.slice(from, from + 2) : all.slice(from, to + 1);
}

function numberText(value: number): string {
  return value.toLocaleString('en-US', { maximumSignificantDigits: 4 });
}

function tenths(value: number): number {
  return Math.round(value * 10) / 10;
}

function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
