import { parseArgs } from 'node:util';
import { type CaseName, caseNames, isCaseName } from './cases.ts';

/** What the benchmark is asked to do. */
export type Task =
  /** Measures and prints one table. */
  | { readonly kind: 'measure' }
  /** Measures what the baseline has, and compares. */
  | { readonly kind: 'check' }
  | { readonly kind: 'write-baseline' }
  /** Measures how the cost grows with the size, and plots it. */
  | { readonly kind: 'growth'; readonly folder: string | undefined };

export interface Settings {
  readonly task: Task;
  readonly wanted: readonly CaseName[];
  readonly seconds: number;
  readonly rounds: number;
  readonly json: boolean;
  readonly driver: 'ts' | 'c' | undefined;
  readonly workers: number;
  /** Whether the other servers are measured as well. */
  readonly peers: boolean;
  /** The largest size that growth goes to; undefined: all of them. */
  readonly largest: number | undefined;
}

export const usage = `usage: [${caseNames.join('|')}] … [--rounds N] [--seconds N] [--driver ts|c] [--workers N] [--no-peers] [--json]
       … --check | --write-baseline | --growth [--largest N] [--out FOLDER]`;

/** Reads the arguments; throws Error with one line that says what is wrong with them. */
export function readArguments(given: readonly string[]): Settings {
  const { values, positionals } = parseArgs({
    args: [...given],
    allowPositionals: true,
    options: {
      rounds: { type: 'string', default: '5' },
      seconds: { type: 'string', default: '6' },
      driver: { type: 'string' },
      workers: { type: 'string', default: '0' },
      'no-peers': { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      check: { type: 'boolean', default: false },
      'write-baseline': { type: 'boolean', default: false },
      growth: { type: 'boolean', default: false },
      largest: { type: 'string' },
      out: { type: 'string' },
    },
  });
  const { driver } = values;
  if (driver !== undefined && driver !== 'ts' && driver !== 'c')
    throw new Error('--driver: expected ts or c');
  const seconds = Number(values.seconds);
  if (!(seconds > 0)) throw new Error('--seconds: expected a number above 0');
  const wanted = positionals.map((name) => {
    if (!isCaseName(name)) throw new Error(`${name}: unknown`);
    return name;
  });
  const task = taskOf(values);
  if ((task.kind === 'growth' || task.kind === 'write-baseline') && wanted.length > 0) {
    throw new Error(`--${task.kind}: takes no case`);
  }
  return {
    task,
    wanted,
    seconds,
    rounds: whole('--rounds', values.rounds, 1),
    json: values.json,
    driver,
    workers: whole('--workers', values.workers, 0),
    peers: !values['no-peers'],
    largest: values.largest === undefined ? undefined : whole('--largest', values.largest, 1),
  };
}

function taskOf(values: {
  readonly check: boolean;
  readonly 'write-baseline': boolean;
  readonly growth: boolean;
  readonly largest?: string | undefined;
  readonly out?: string | undefined;
}): Task {
  const kinds = (['check', 'write-baseline', 'growth'] as const).filter((kind) => values[kind]);
  if (kinds.length > 1) throw new Error(`--${kinds[0]}, --${kinds[1]}: expected one of them`);
  const [kind] = kinds;
  if (kind === 'growth') return { kind, folder: values.out };
  if (values.out !== undefined) throw new Error('--out: only with --growth');
  if (values.largest !== undefined) throw new Error('--largest: only with --growth');
  return { kind: kind ?? 'measure' };
}

function whole(option: string, text: string, least: number): number {
  const number = Number(text);
  if (!(Number.isSafeInteger(number) && number >= least)) {
    throw new Error(`${option}: expected a whole number from ${least} up`);
  }
  return number;
}
