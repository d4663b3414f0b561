import { readArguments, type Settings, usage } from './arguments.ts';
import { growthCommand } from './growth/command.ts';
import { measureCommand } from './measure-command.ts';

/**
 * Measures a fresh server with the SQLite store, each case with a server of its own, beside the other servers
 * that are installed; compares with the figures that were kept; or plots how the cost grows.
 *
 *     npm run bench [-- CASE …] [--rounds N] [--seconds N] [--driver ts|c] [--workers N] [--no-peers] [--json]
 *     npm run bench -- [CASE …] --check
 *     npm run bench -- --write-baseline
 *     npm run bench -- --growth [--largest N] [--out FOLDER]
 */
const settings = settingsOf(process.argv.slice(2));
const interruption = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => interruption.abort(new Error('interrupted')));
}
const command = settings.task.kind === 'growth' ? growthCommand : measureCommand;
process.exitCode = await command(settings, interruption.signal);

function settingsOf(given: readonly string[]): Settings {
  try {
    return readArguments(given);
  } catch (error) {
    process.stderr.write(`bench: ${(error as Error).message}; ${usage}\n`);
    process.exit(2);
  }
}
