import { summaryOf } from '../statistics.ts';
import { formatSummary } from '../table.ts';
import type { Growth } from './growth.ts';
import { plotsOf } from './plots.ts';

/** Medians by size as a Markdown table, with the ranges of the rounds, and what was not measured. */
export function growthTable({ samples, skipped }: Growth): string {
  const columns = [...new Set(samples.flatMap(({ figures }) => Object.keys(figures)))];
  const sizes = [...new Set(samples.map(({ size }) => size))].sort((one, other) => one - other);
  const lines = sizes.map((size) => {
    const ofSize = samples.filter((sample) => sample.size === size);
    const cells = columns.map((column) => {
      const figures = ofSize.map((sample) => sample.figures[column]!);
      return formatSummary(summaryOf(figures), { maximumSignificantDigits: 4 });
    });
    return [size.toLocaleString('en-US'), ...cells];
  });
  const titles = ['size', ...columns];
  const table = [titles, titles.map(() => '---'), ...lines].map((cells) => `| ${cells.join(' | ')} |`);
  const missing = skipped.map(
    ({ size, reason }) => `${size.toLocaleString('en-US')} not measured: ${reason}.`,
  );
  return [...(samples.length === 0 ? [] : [table.join('\n')]), ...missing].join('\n\n');
}

/**
 * The document with the plots and the table of this growth between its marks, `<!-- NAME -->` and
 * `<!-- /NAME -->`; the text around them stays. Throws Error when the marks are not there.
 */
export function withGrowth(document: string, growth: Growth): string {
  const begin = `<!-- ${growth.name} -->\n`;
  const end = `<!-- /${growth.name} -->`;
  const from = document.indexOf(begin);
  const to = document.indexOf(end, from);
  if (from < 0 || to < 0) throw new Error(`docs/growth.md: expected the marks ${begin.trim()} and ${end}`);
  const pictures = Object.entries(plotsOf(growth)).map(([file, { title }]) => `![${title}](images/${file})`);
  const content = [...pictures, growthTable(growth)].join('\n\n');
  return `${document.slice(0, from)}${begin}\n${content}\n\n${document.slice(to)}`;
}
