import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CaseName, cases, isCaseName } from './cases.ts';
import { type DriverName, loadGenerator } from './load-generator.ts';
import { startServer } from './server.ts';
import { printTable, type Row } from './table.ts';

/**
 * Measures a fresh server with the SQLite store, each case with a server of its own: fan-out from one
 * publisher to 100 and to 1,000 subscribers, 100 and 1,000 pairs, and the memory of idle connections.
 *
 *     npm run bench [-- CASE …] [--seconds N] [--driver ts|c] [--workers N] [--json]
 */
const { wanted, seconds, json, driver, workers } = readArguments(process.argv.slice(2));
const generate = loadGenerator(driver);
if (!json) process.stdout.write(`load generator: ${generate.name}\n`);
const rows: Row[] = [];
for (const name of wanted) {
  const load = cases[name];
  const folder = mkdtempSync(join(tmpdir(), 'apex-bench-'));
  try {
    const server = await startServer(folder, load, 'build', workers);
    try {
      const { port, pid } = server;
      const row = await generate.run({
        name,
        load,
        port,
        pid,
        seconds,
        warmUpSeconds: 2,
        settleSeconds: 3,
      });
      rows.push(row);
      if (json) process.stdout.write(`${JSON.stringify(row)}\n`);
      else process.stdout.write(`${name} done\n`);
    } finally {
      await server.stop();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
if (!json) printTable(rows);

function readArguments(given: readonly string[]): {
  wanted: readonly CaseName[];
  seconds: number;
  json: boolean;
  driver: DriverName | undefined;
  workers: number;
} {
  const wanted: CaseName[] = [];
  let seconds = 6;
  let json = false;
  let workers = 0;
  let driver: DriverName | undefined;
  for (let index = 0; index < given.length; index += 1) {
    const argument = given[index]!;
    if (argument === '--json') json = true;
    else if (argument === '--seconds') seconds = Number(given[++index]);
    else if (argument === '--workers') workers = Number(given[++index]);
    else if (argument === '--driver') driver = driverOf(given[++index]);
    else if (isCaseName(argument)) wanted.push(argument);
    else usage(`${argument}: unknown`);
  }
  if (!(seconds > 0)) usage('--seconds: expected a number above 0');
  if (!(Number.isInteger(workers) && workers >= 0)) usage('--workers: expected a whole number');
  return {
    wanted: wanted.length === 0 ? (Object.keys(cases) as CaseName[]) : wanted,
    seconds,
    json,
    driver,
    workers,
  };
}

function driverOf(text: string | undefined): DriverName {
  return text === 'ts' || text === 'c' ? text : usage('--driver: expected ts or c');
}

function usage(problem: string): never {
  process.stderr.write(
    `bench: ${problem}; usage: [${Object.keys(cases).join('|')}] … [--seconds N] [--driver ts|c] [--workers N] [--json]\n`,
  );
  process.exit(2);
}
