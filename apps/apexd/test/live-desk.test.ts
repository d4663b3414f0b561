import type { SessionView } from '@apex/server';
import { expect, it } from 'vitest';
import { LiveDesk, type LiveServer } from '../src/admin/live-desk.ts';
import type { ListPage } from '../src/admin/live-requests.ts';
import { ageText, type Column, tableLines } from '../src/commands/table.ts';

const COUNT = 30_000;

function session(number: number): SessionView {
  return {
    id: `${number}`,
    remoteAddress: '192.0.2.1:50000',
    transport: 'tcp',
    secured: true,
    endpoints: [`e${number}@example.com`],
    ageMs: 0,
    idleMs: 0,
    unsentOctets: 0,
  };
}

async function* sessions(count: number, endpoints: number): AsyncGenerator<SessionView, void> {
  const many = Array.from({ length: endpoints }, (_, index) => `a-long-name/${index}@example.com`);
  for (let number = 1; number <= count; number += 1) {
    yield { ...session(number), endpoints: many };
  }
}

function deskOf(list: () => AsyncGenerator<SessionView, void>): LiveDesk {
  return new LiveDesk({ server: { oversight: { sessions: list } } } as unknown as LiveServer);
}

async function pagesOf(desk: LiveDesk): Promise<ListPage[]> {
  const pages = [(await desk.perform({ op: 'session.list' }, () => {})) as ListPage];
  while (pages.at(-1)!.more) pages.push((await desk.perform({ op: 'list.more' }, () => {})) as ListPage);
  return pages;
}

it.each([
  ['each with one endpoint', COUNT, 1],
  ['each with as many endpoints as it may have', 100, 1000],
])('lists many sessions in pages of a bounded length: %s', async (_, count, endpoints) => {
  const pages = await pagesOf(deskOf(() => sessions(count, endpoints)));
  const ids = pages.flatMap(({ rows }) => rows.map((row) => (row as SessionView).id));
  expect(ids).toEqual(Array.from({ length: count }, (__, index) => `${index + 1}`));
  for (const page of pages) expect(JSON.stringify(page).length).toBeLessThan(320 * 1024);
});

it('has nothing more to list when nothing is being listed', async () => {
  const desk = deskOf(() => sessions(0, 0));
  expect(await desk.perform({ op: 'list.more' }, () => {})).toEqual({ rows: [], more: false });
});

it('shows a list of any length as a table, and what peers have named without effect on the terminal', async () => {
  const columns: readonly Column<number>[] = [
    { heading: 'N', of: (number) => `${number}` },
    { heading: 'NAME', of: (number) => (number === 1 ? 'a\u001b[31m' : 'name') },
  ];
  async function* numbers(): AsyncGenerator<number> {
    for (let number = 1; number <= 1200; number += 1) yield number;
  }
  const lines: string[] = [];
  for await (const line of tableLines(columns, numbers())) lines.push(line);
  expect(lines).toHaveLength(1201);
  expect([lines[0], lines[1], lines[500], lines[1200]]).toEqual([
    'N    NAME',
    '1    a\\u{1b}[31m',
    '500  name',
    '1200  name',
  ]);
});

it.each([
  [59_999, '59s'],
  [60_000, '1m'],
  [3_600_000, '1h00m'],
  [93_600_000, '1d02h'],
])('says %i milliseconds as %s', (ms, text) => expect(ageText(ms)).toBe(text));
