import { Command, Option } from 'commander';
import { fetch } from './commands/fetch.ts';
import { publish } from './commands/publish.ts';
import { subscribe } from './commands/subscribe.ts';
import { watch } from './commands/watch.ts';
import { usage } from './errors.ts';

/** Help was shown: an answer, and the end. */
export class Shown extends Error {}

/** The command line. Actions throw; main prints one line and sets the exit code. */
export function createProgram(): Command {
  const program = new Command('apex')
    .description('Presence from the terminal (RFC 3343)')
    .exitOverride((error) => {
      // Help is an answer, everything else is wrong usage.
      if (error.exitCode === 0) throw new Shown();
      const problem = error.code === 'commander.help' ? 'name a command' : error.message;
      throw usage(`${problem.replace(/^error: /, '')} (apex --help shows what there is)`);
    })
    // What is wrong is said in one line, by main.
    .configureOutput({ writeErr: () => {} });

  following('subscribe', 'follow the presence of a publisher').action(subscribe);
  following('watch', 'see who subscribes to a publisher').action(watch);
  common(program.command('fetch <publisher>').description('the presence of a publisher as it is now')).action(
    fetch,
  );
  common(program.command('publish').description('say until when you can be reached'))
    .option('--available-for <duration>', 'such as 1h')
    .option('--until <time>', 'RFC 3339, such as 2026-11-25T17:00:00Z')
    .option('--unavailable', 'from now on')
    .option('--publisher <endpoint>', 'whose entry; default: that of --as, without its subaddress')
    .option('--destination <uri>', 'where you can be reached; default: the apex: URL of the publisher')
    .option('--info <uri>', 'more about the publisher')
    .option('--tuple-info <uri>', 'more about this destination')
    .option('--capability <baseline=value...>', 'what can be received there, in the language of the baseline')
    .action(publish);
  return program;

  function following(name: string, description: string): Command {
    return common(program.command(`${name} <publisher>`).description(description)).option(
      '--duration <duration>',
      'how long, such as 90, 30m or 1h',
      '1h',
    );
  }
}

function common(command: Command): Command {
  return command
    .addOption(new Option('--as <endpoint>', 'who you are, such as fred@example.com').env('APEX_ENDPOINT'))
    .addOption(
      new Option('--server <host[:port]>', 'where the server is')
        .env('APEX_SERVER')
        .default('127.0.0.1:9130'),
    )
    .option('--insecure', 'send the password unprotected, also to another machine')
    .option('--json', 'one JSON document a line');
}
