import { Command, Option } from 'commander';
import { administer } from './admin/administer.ts';
import type { Report } from './admin/progress.ts';
import type { AdminRequest } from './admin/requests.ts';
import { addAdmin } from './commands/admin.ts';
import { backUp } from './commands/backup.ts';
import type { ExportOptions } from './commands/export.ts';
import type { ImportOptions } from './commands/import.ts';
import { readImport, readPassword } from './commands/input.ts';
import { printAccess, printEndpoints, printPresence } from './commands/print.ts';
import { withProgress } from './commands/progress-bar.ts';
import type { ServeOptions } from './commands/run-server.ts';
import type { SelfSignedOptions } from './commands/self-signed.ts';
import { readConfig } from './config.ts';
import { AppError } from './errors.ts';
import { addExamples } from './examples.ts';

interface WithConfig {
  readonly config: string;
}

/**
 * The command line of the server app. Actions throw; main prints one line and sets the exit code. What an action takes
 * is loaded when it is asked for: most commands need nothing of a server, which takes longer than they do.
 */
export function createProgram(): Command {
  const program = new Command('apexd')
    .description('The APEX presence server (RFC 3343)')
    .exitOverride((error) => {
      // Help and version are answers, everything else is wrong usage.
      if (error.exitCode === 0) throw new Shown();
      const problem = error.code === 'commander.help' ? 'name a command' : error.message;
      throw new AppError('usage', `${problem.replace(/^error: /, '')} (apexd --help shows what there is)`, 2);
    })
    // What is wrong is said in one line, by main.
    .configureOutput({ writeErr: () => {} });

  program
    .command('serve')
    .description('run the server; without a configuration, a demo domain on loopback')
    .option('--config <file>', 'configuration (YAML)')
    .option('--data <folder>', 'data folder of the demo', '.apex-demo')
    .option(
      '--port <number>',
      'port of the demo; 0 lets the system choose; default: 9130, or another one while that is taken',
    )
    .option('--workers <number>', 'processes that hold the connections; default: this one does it')
    .action(async (options: ServeOptions) => {
      const { runServer } = await import('./commands/run-server.ts');
      await runServer(options);
    });

  withConfig(
    program
      .command('check')
      .description('validate a configuration')
      .option('--data', 'and the database of a server that does not run'),
  ).action(async (options: WithConfig & { data?: true }) => {
    const { check } = await import('./commands/check.ts');
    await check(options);
  });

  withConfig(
    program
      .command('backup <file>')
      .description('everything, to a file; also while the server runs')
      .option('--force', 'write over the file'),
  ).action(backUp);
  withConfig(
    program.command('restore <file>').description('from a backup, to a data folder without data'),
  ).action(async (file: string, options: WithConfig) => {
    const { restore } = await import('./commands/restore.ts');
    await restore(file, options);
  });

  const tls = program.command('tls').description('certificates');
  tls
    .command('self-signed')
    .description('make a certificate for trying out')
    .requiredOption('--domain <domain>', 'the domain that the server serves')
    .option('--name <name...>', 'further names, such as that of the host')
    .option('--cert <file>', 'where the certificate goes', 'cert.pem')
    .option('--key <file>', 'where its key goes', 'key.pem')
    .option('--days <number>', 'how long it is valid', '365')
    .action(async (options: SelfSignedOptions) => {
      const { selfSigned } = await import('./commands/self-signed.ts');
      await selfSigned(options);
    });

  const endpoint = program.command('endpoint').description('provision endpoints');
  withConfig(
    endpoint
      .command('add <endpoint>')
      .description('provision an endpoint; its password is the first line of standard input'),
  ).action(async (name: string, options: WithConfig) => {
    await ask(options, { op: 'endpoint.add', endpoint: name, password: await readPassword(process.stdin) });
  });
  withConfig(
    endpoint.command('import').description('provision many, from endpoint,password lines on standard input'),
  ).action(async (options: WithConfig) => {
    const entries = await readImport(process.stdin);
    await withProgress((report) => ask(options, { op: 'endpoint.import', entries }, report));
    process.stdout.write(`imported ${entries.length} endpoints\n`);
  });
  withConfig(
    endpoint.command('list').description('list the endpoints').option('--json', 'JSON lines'),
  ).action(async (options: WithConfig & { json?: true }) => {
    printEndpoints(await ask(options, { op: 'endpoint.list' }), options.json === true);
  });
  withConfig(
    endpoint.command('remove <endpoint>').description('remove an endpoint, with all that belongs to it'),
  ).action(async (name: string, options: WithConfig) => {
    await ask(options, { op: 'endpoint.remove', endpoint: name });
  });
  withConfig(
    endpoint
      .command('passwd <endpoint>')
      .description('change a password; the new one is the first line of standard input'),
  ).action(async (name: string, options: WithConfig) => {
    await ask(options, {
      op: 'endpoint.passwd',
      endpoint: name,
      password: await readPassword(process.stdin),
    });
  });

  const access = program.command('access').description('manage access entries (RFC 3341)');
  withConfig(
    access
      .command('set')
      .description('create or replace an entry; it takes effect at once')
      .requiredOption('--owner <endpoint>', 'whose entry')
      .requiredOption('--actor <actor>', 'whom it is about, such as wilma@example.com or *@example.com')
      .requiredOption('--actions <list>', 'such as "core:data presence:subscribe"'),
  ).action(async (options: WithConfig & { owner: string; actor: string; actions: string }) => {
    const actions = options.actions.split(/\s+/).filter((action) => action !== '');
    await ask(options, { op: 'access.set', owner: options.owner, actor: options.actor, actions });
  });
  withConfig(
    access
      .command('list')
      .description('list the entries of an endpoint')
      .requiredOption('--owner <endpoint>', 'whose entries')
      .option('--json', 'JSON lines'),
  ).action(async (options: WithConfig & { owner: string; json?: true }) => {
    printAccess(await ask(options, { op: 'access.list', owner: options.owner }), options.json === true);
  });
  withConfig(
    access
      .command('remove')
      .description('remove an entry; it takes effect at once')
      .requiredOption('--owner <endpoint>', 'whose entry')
      .requiredOption('--actor <actor>', 'the actor of the entry, as written'),
  ).action(async (options: WithConfig & { owner: string; actor: string }) => {
    await ask(options, { op: 'access.remove', owner: options.owner, actor: options.actor });
  });

  const presence = program
    .command('presence')
    .description('look at presence entries, export and import them');
  withConfig(
    presence
      .command('show <endpoint>')
      .description('show an entry and the operations in progress on it')
      .addOption(new Option('--json', 'one JSON document').conflicts(['xml', 'pidf']))
      .addOption(new Option('--xml', 'the entry alone, as an export has it').conflicts(['json', 'pidf']))
      .addOption(new Option('--pidf', 'the entry alone, as PIDF (RFC 3863)').conflicts(['json', 'xml'])),
  ).action(async (name: string, options: WithConfig & { json?: true; xml?: true; pidf?: true }) => {
    const form = options.json ? 'json' : options.xml ? 'xml' : options.pidf ? 'pidf' : 'text';
    await printPresence(await ask(options, { op: 'presence.show', endpoint: name }), form);
  });
  withConfig(
    presence
      .command('export [file]')
      .description('write entries as an XML document, to a file or standard output')
      .option('--endpoint <endpoint>', 'only this one; again for more', oneMore)
      .option('--access', 'access entries too')
      .option('--force', 'write over the file'),
  ).action(async (file: string | undefined, options: ExportOptions) => {
    const { exportEntries } = await import('./commands/export.ts');
    await exportEntries(file, options);
  });
  withConfig(
    presence
      .command('import <file>')
      .description('take entries from an XML document (- is standard input); newer ones stay')
      .option('--replace', 'replace newer ones too'),
  ).action(async (file: string, options: ImportOptions) => {
    const { importEntries } = await import('./commands/import.ts');
    await importEntries(file, options);
  });
  addAdmin(program, withConfig);
  addExamples(program);
  return program;
}

/** An option that may stand several times; it takes one value each, since a file may stand behind it. */
function oneMore(value: string, previous: readonly string[] = []): readonly string[] {
  return [...previous, value];
}

/** Thrown when help was asked for and shown. */
export class Shown extends Error {}

function withConfig(command: Command): Command {
  return command.requiredOption('--config <file>', 'configuration (YAML)');
}

function ask(options: WithConfig, request: AdminRequest, report?: Report): Promise<unknown> {
  return administer(readConfig(options.config), request, report);
}
