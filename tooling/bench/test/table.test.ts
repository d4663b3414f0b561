import { expect, it } from 'vitest';
import { tableOf } from '../src/table.ts';

it('the table has a line for each case and server, with medians, ranges and the columns that are measured', () => {
  const sample = (subject: string, round: number, deliveriesPerSecond: number) => ({
    subject,
    round,
    row: { name: 'fan-out-100', deliveriesPerSecond, lost: 0 },
  });
  const samples = [
    sample('apexd', 1, 30_000),
    sample('prosody', 1, 12_000),
    sample('apexd', 2, 10_000),
    sample('apexd', 3, 11_000.4),
    { subject: 'apexd', round: 1, row: { name: 'echo', exchangesPerSecond: 70_000 } },
  ];
  expect(tableOf(samples)).toBe(
    `| case | server | rounds | deliveries/s | exchanges/s | lost |
| --- | --- | --- | --- | --- | --- |
| fan-out-100 | apexd | 3 | 11,000 (10,000–30,000) |  | 0 |
| fan-out-100 | prosody | 1 | 12,000 |  | 0 |
| echo | apexd | 1 |  | 70,000 |  |
`,
  );
});
