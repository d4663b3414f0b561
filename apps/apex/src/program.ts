import { Command, Option } from 'commander';
import { allow, appearOffline, deny, forget, get, query, remove, set } from './commands/access.ts';
import { fetch } from './commands/fetch.ts';
import { publish } from './commands/publish.ts';
import { receive } from './commands/receive.ts';
import { send } from './commands/send.ts';
import { subscribe } from './commands/subscribe.ts';
import { trace } from './commands/trace.ts';
import { watch } from './commands/watch.ts';
import { usage } from './errors.ts';
import { addExamples } from './examples.ts';

/** Help was shown: an answer, and the end. */
export class Shown extends Error {}

/** The command line. Actions throw; main prints one line and sets the exit code. */
export function createProgram(): Command {
  const program = new Command('apex')
    .description('Presence and messages from the terminal (RFC 3343, RFC 3340)')
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
  common(program.command('send <recipient> [text]').description('send a text, a file or standard input'))
    .option('--also <endpoint...>', 'more recipients')
    .option('--file <path>', 'what to send')
    .option('--xml', 'it is XML, which goes into the data element itself')
    .option('--content-type <type>', 'what it is, when it is no text')
    .option('--status', 'wait for what becomes of it; exit code 1 when somebody was not reached')
    .option('--hold', 'hold it for a recipient that is not attached')
    .option('--not-later-than <duration>', 'drop it when it is not delivered by then')
    .option('--report-after <duration>', 'with --status: tell when it takes longer')
    .option('--timeout <duration>', 'how long --status waits', '30s')
    .action(send);
  common(program.command('receive').description('print what is sent to you, what was held first'))
    .option('--count <number>', 'end behind so many')
    .option('--override', 'take the endpoint over from another application')
    .action(receive);
  common(program.command('trace <recipient>').description('the way to an endpoint, relay by relay'))
    .option('--timeout <duration>', 'how long to wait for reports', '10s')
    .action(trace);
  const access = program.command('access').description('who may do what to you (RFC 3341)');
  ofOwner(
    access.command('query <endpoint> <actions...>').description('whether somebody may do all of this'),
  ).action(query);
  ofOwner(access.command('get <actor>').description('the entry with this actor')).action(get);
  ofOwner(
    access.command('set <actor> <actions...>').description('create or replace an entry, such as core:data'),
  ).action(set);
  ofOwner(access.command('remove <actor>').description('remove an entry')).action(remove);
  ofOwner(access.command('allow <who>').description('let somebody send to you and see your presence'))
    .option('--actions <actions...>', 'what to allow in place of core:data presence:subscribe')
    .action(allow);
  ofOwner(
    access.command('deny <who>').description('keep somebody out, whatever else would let them in'),
  ).action(deny);
  ofOwner(
    access
      .command('appear-offline <who>')
      .description('hide your presence from somebody who may still send to you'),
  ).action(appearOffline);
  ofOwner(access.command('forget <who>').description('undo allow, deny and appear-offline')).action(forget);
  addExamples(program);
  return program;

  function ofOwner(command: Command): Command {
    return common(command).option(
      '--owner <endpoint>',
      'whose entries; default: that of --as, without its subaddress',
    );
  }

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
      new Option('--server <host[:port]>', 'where the server is, or wss://host/beep for WebSocket')
        .env('APEX_SERVER')
        .default('127.0.0.1:9130'),
    )
    .option('--tls', 'protect the session, also to this machine; to another one that is the rule')
    .option('--tls-direct', 'as --tls, at a port where the server begins with it')
    .option(
      '--ca <file>',
      'root that has issued the certificate of the server (PEM), in place of those of the system',
    )
    .option('--fingerprint <sha256>', 'of the one certificate to trust')
    .option('--cert <file>', 'certificate that says who you are, in place of a password (PEM)')
    .option('--key <file>', 'its key (PEM)')
    .option('--insecure', 'send password or token unprotected, also to another machine')
    .option('--json', 'one JSON document a line');
}
