import { soak } from './soak.ts';

/**
 * Puts a mixed load on a server that is killed again and again, and checks what it has kept.
 *
 *     npm run soak [-- --seconds N] [--seed N] [--workers N]
 *
 * Exit code 1 for a violation, 2 for wrong usage.
 */
const { seconds, seed, workers } = readArguments(process.argv.slice(2));
const say = (text: string): void => void process.stdout.write(`${text}\n`);
say(`soak: ${seconds} s, seed ${seed}, workers ${workers}`);
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
const { figures, violations, held } = await soak({ seconds, seed, workers, from: 'build', tell: say });
for (const [name, value] of Object.entries(figures)) say(`${name}: ${value}`);
for (const [moment, { processes, descriptors, heldKib, residentKib }] of Object.entries(held)) {
  say(
    `${moment} the last third: ${processes} processes, ${descriptors} file descriptors, ${heldKib} KiB held, ${residentKib} KiB resident`,
  );
}
for (const violation of violations.slice(0, 50)) say(`VIOLATION ${violation}`);
say(
  violations.length === 0
    ? 'no violation'
    : `${violations.length} violations; --seed ${seed} repeats the load`,
);
process.exitCode = violations.length === 0 ? 0 : 1;

function readArguments(given: readonly string[]) {
  const numbers = { '--seconds': 60, '--seed': Date.now() % 1_000_000, '--workers': 0 };
  for (let index = 0; index < given.length; index += 2) {
    const name = given[index] as keyof typeof numbers;
    const value = Number(given[index + 1]);
    if (!(name in numbers)) usage(`${name}: unknown`);
    if (!Number.isInteger(value) || value < 0) usage(`${name}: expected a whole number`);
    numbers[name] = value;
  }
  if (numbers['--seconds'] === 0) usage('--seconds: expected a number above 0');
  return { seconds: numbers['--seconds'], seed: numbers['--seed'], workers: numbers['--workers'] };
}

function usage(problem: string): never {
  process.stderr.write(`soak: ${problem}; usage: [--seconds N] [--seed N] [--workers N]\n`);
  process.exit(2);
}
