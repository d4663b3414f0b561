import { expect, it } from 'vitest';
import { readArguments } from '../src/arguments.ts';

it('without arguments all cases are measured in five rounds', () => {
  expect(readArguments([])).toEqual({
    task: { kind: 'measure' },
    wanted: [],
    seconds: 6,
    rounds: 5,
    json: false,
    driver: undefined,
    workers: 0,
    peers: true,
    largest: undefined,
  });
});

it('cases and options come in any order', () => {
  const given = [
    '--rounds',
    '7',
    'echo',
    '--seconds=0.5',
    '--driver',
    'ts',
    'pairs-100',
    '--no-peers',
    '--json',
  ];
  expect(readArguments(given)).toMatchObject({
    wanted: ['echo', 'pairs-100'],
    seconds: 0.5,
    rounds: 7,
    driver: 'ts',
    peers: false,
    json: true,
  });
});

it.each([
  [['--check'], { kind: 'check' }],
  [['--write-baseline'], { kind: 'write-baseline' }],
  [['--growth'], { kind: 'growth', folder: undefined }],
  [['--growth', '--out', 'plots'], { kind: 'growth', folder: 'plots' }],
])('%j is another task', (given, task) => {
  expect(readArguments(given).task).toEqual(task);
});

it.each([
  [['fan-out-7'], 'fan-out-7: unknown'],
  [['--rounds', '0'], '--rounds: expected a whole number from 1 up'],
  [['--rounds', '1.5'], '--rounds: expected a whole number from 1 up'],
  [['--workers', 'two'], '--workers: expected a whole number from 0 up'],
  [['--seconds', '0'], '--seconds: expected a number above 0'],
  [['--driver', 'go'], '--driver: expected ts or c'],
  [['--check', '--growth'], '--check, --growth: expected one of them'],
  [['--out', 'plots'], '--out: only with --growth'],
  [['--largest', '10'], '--largest: only with --growth'],
  [['--growth', 'echo'], '--growth: takes no case'],
  [['--write-baseline', 'echo'], '--write-baseline: takes no case'],
])('%j is refused with one line', (given, line) => {
  expect(() => readArguments(given)).toThrow(line);
});
