import { targets } from './targets/index.ts';

export interface Arguments {
  /** Names, in the order in which they have their turn. */
  readonly wanted: readonly string[];
  readonly minutes: number;
  readonly seed: number;
  readonly from: string | undefined;
  readonly keep: boolean;
  /** The file of one input that is to be tried once. */
  readonly repeat: string | undefined;
}

/** What is wrong with a command line, in one line. */
export class ArgumentsError extends Error {}

/** Throws ArgumentsError. */
export function readArguments(given: readonly string[]): Arguments {
  const wanted: string[] = [];
  let minutes = 1;
  let seed = Math.floor(Math.random() * 2 ** 32);
  let from: string | undefined;
  let repeat: string | undefined;
  let keep = false;
  for (let index = 0; index < given.length; index += 1) {
    const argument = given[index] as string;
    const value = (): string => given[++index] ?? wrong(`${argument}: a value is missing`);
    switch (argument) {
      case '--target':
        wanted.push(targetOf(value()));
        break;
      case '--minutes':
        minutes = numberOf(argument, value());
        break;
      case '--seed':
        seed = numberOf(argument, value());
        break;
      case '--from':
        from = value();
        break;
      case '--repeat':
        repeat = value();
        break;
      case '--keep':
        keep = true;
        break;
      default:
        wrong(`${argument}: unknown`);
    }
  }
  if (!(minutes > 0)) wrong('--minutes: expected a number above 0');
  if (!Number.isInteger(seed) || seed < 0) wrong('--seed: expected a whole number');
  if (repeat !== undefined && wanted.length !== 1)
    wrong('--repeat: name the target of the input with --target');
  return {
    wanted: wanted.length === 0 ? targets.map(({ name }) => name) : wanted,
    minutes,
    seed,
    from,
    keep,
    repeat,
  };
}

function targetOf(name: string): string {
  if (!targets.some((target) => target.name === name)) wrong(`--target: there is no ${name}`);
  return name;
}

function numberOf(argument: string, text: string): number {
  const number = text === '' ? Number.NaN : Number(text);
  return Number.isFinite(number) ? number : wrong(`${argument}: expected a number, not ${text}`);
}

function wrong(problem: string): never {
  throw new ArgumentsError(
    `fuzz: ${problem}; usage: [--target ${targets.map(({ name }) => name).join('|')}] … [--minutes N] [--seed N] [--from FOLDER] [--keep] [--repeat FILE]`,
  );
}
