import { parseXml } from '@apex/beep';
import { expect, it } from 'vitest';
import { type Plot, plotSvg } from '../src/plot.ts';

const exactly = (value: number) => ({ median: value, least: value, most: value, rounds: 1 });

const plot: Plot = {
  title: 'Fan-out & more',
  x: { title: 'subscribers', scale: 'logarithmic' },
  y: { title: 'latency in <ms>', scale: 'linear' },
  series: [
    {
      name: 'p50',
      points: [
        { x: 100, y: exactly(10) },
        { x: 1000, y: { median: 20, least: 15, most: 50, rounds: 3 } },
        { x: 10_000, y: exactly(30) },
      ],
    },
    { name: 'p99', points: [{ x: 100, y: exactly(40) }] },
  ],
  notes: ['30,000 not measured: no descriptors'],
};

/** Numbers of an attribute, in the order in which they stand. */
function numbers(svg: string, pattern: RegExp): readonly number[] {
  return [...svg.matchAll(pattern)].map((match) => Number(match[1]));
}

it('a plot is XML with its titles, units and notes, in the colour of the reader', () => {
  const svg = plotSvg(plot);
  const root = parseXml(svg.replace(/<style>.*<\/style>/s, ''));
  expect(root.name).toBe('svg');
  expect(svg).toContain('>Fan-out &amp; more</text>');
  expect(svg).toContain('>subscribers</text>');
  expect(svg).toContain('>latency in &lt;ms&gt;</text>');
  expect(svg).toContain('>30,000 not measured: no descriptors</text>');
  expect(svg).toContain('stroke: currentColor');
  expect(svg).toContain('prefers-color-scheme: dark');
});

it('decades have equal distances on a logarithmic axis, and a linear one begins at 0', () => {
  const svg = plotSvg(plot);
  const [first, second, third] = numbers(svg, /<circle cx="([\d.]+)"/g);
  expect(second! - first!).toBeCloseTo(third! - second!, 5);
  const [ten, twenty, thirty] = numbers(svg, /<circle cx="[\d.]+" cy="([\d.]+)"/g);
  expect(ten! - twenty!).toBeCloseTo(twenty! - thirty!, 0);
  expect(twenty!).toBeLessThan(ten!);
  expect(svg).toContain('text-anchor="end" x="80" y="344">0</text>');
  expect(svg).toContain('text-anchor="end" x="80" y="52">50</text>');
});

it('the range of the rounds stands at each point, within the picture', () => {
  const svg = plotSvg(plot);
  const ranges = [...svg.matchAll(/class="range" x1="[\d.]+" y1="([\d.]+)" x2="[\d.]+" y2="([\d.]+)"/g)];
  expect(ranges).toHaveLength(4);
  const [, low, high] = ranges[1]!.map(Number);
  expect(low! - high!).toBeCloseTo((35 / 50) * (340 - 48), 0);
  for (const y of numbers(svg, / cy="([\d.]+)"/g)) {
    expect(y).toBeGreaterThanOrEqual(48);
    expect(y).toBeLessThanOrEqual(340);
  }
});

it.each([
  [1, 1],
  [3, 3],
  [0.0004, 12],
  [999, 1001],
  [17, 30_000],
])('figures from %d to %d lie on a logarithmic axis', (least, most) => {
  const points = [least, most].map((value) => ({ x: value, y: exactly(value) }));
  const y = { title: 'y', scale: 'logarithmic' } as const;
  const svg = plotSvg({ ...plot, y, series: [{ name: 'one', points }] });
  for (const place of numbers(svg, /<circle cx="([\d.]+)"/g)) {
    expect(place).toBeGreaterThanOrEqual(88);
    expect(place).toBeLessThanOrEqual(640);
  }
  expect(svg).not.toContain('NaN');
});

it('a plot without points, or with a figure that its axis cannot show, is refused', () => {
  expect(() => plotSvg({ ...plot, series: [] })).toThrow(RangeError);
  const zero = [{ name: 'zero', points: [{ x: 0, y: exactly(1) }] }];
  expect(() => plotSvg({ ...plot, series: zero })).toThrow('0 has no place on a logarithmic axis');
});
