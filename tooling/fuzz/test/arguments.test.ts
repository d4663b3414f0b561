import { expect, it } from 'vitest';
import { ArgumentsError, readArguments } from '../src/arguments.ts';
import { targets } from '../src/targets/index.ts';

it('without arguments, each target has a minute', () => {
  expect(readArguments([])).toEqual({
    wanted: targets.map(({ name }) => name),
    minutes: 1,
    seed: expect.any(Number),
    from: undefined,
    keep: false,
    repeat: undefined,
  });
});

it('takes several targets, and all that can be said of them', () => {
  const given = '--target xml --target names --minutes 2.5 --seed 7 --from folder --keep';
  expect(readArguments(given.split(' '))).toEqual({
    wanted: ['xml', 'names'],
    minutes: 2.5,
    seed: 7,
    from: 'folder',
    keep: true,
    repeat: undefined,
  });
});

it.each([
  [['--target', 'nothing'], '--target: there is no nothing'],
  [['--minutes', '-1'], '--minutes: expected a number above 0'],
  [['--minutes', 'ten'], '--minutes: expected a number, not ten'],
  [['--minutes'], '--minutes: a value is missing'],
  [['--seed', '1.5'], '--seed: expected a whole number'],
  [['--repeat', 'file'], '--repeat: name the target of the input with --target'],
  [['--quick'], '--quick: unknown'],
])('%j is refused with what is wrong', (given, problem) => {
  expect(() => readArguments(given)).toThrow(ArgumentsError);
  expect(() => readArguments(given)).toThrow(problem);
});
