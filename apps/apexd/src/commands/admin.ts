import type { AttachmentView, OperationView, PeerRelayView, SessionView } from '@apex/server';
import { Argument, type Command } from 'commander';
import { type AskLive, asking, drained, listed } from '../admin/asking.ts';
import type { LiveRequest } from '../admin/live-requests.ts';
import { readConfig } from '../config.ts';
import { AppError } from '../errors.ts';
import { logLevels } from '../log-levels.ts';
import { withProgress } from './progress-bar.ts';
import { ageText, type Column, tableLines } from './table.ts';

interface WithConfig {
  readonly config: string;
}

type Listing = WithConfig & { readonly json?: true };

interface WithReason {
  readonly code: string;
  readonly text: string;
}

/** `apexd admin …`: what goes on in a running server, and an end to some of it. */
export function addAdmin(program: Command, withConfig: (command: Command) => Command): void {
  const admin = program
    .command('admin')
    .description('look into a running server, and end what should not go on');

  withConfig(
    listing(admin.command('sessions')).description('open sessions: who, from where, since when'),
  ).action((options: Listing) => show(options, { op: 'session.list' }, sessionColumns));
  withConfig(
    listing(admin.command('attachments'))
      .description('endpoints that are attached')
      .option('--endpoint <endpoint>', 'only this one and its subaddresses'),
  ).action((options: Listing & { endpoint?: string }) =>
    show(options, { op: 'attachment.list', endpoint: options.endpoint }, attachmentColumns),
  );
  withConfig(
    listing(admin.command('operations <endpoint>')).description(
      'subscriptions and watches in progress: those on the presence of an endpoint, and those that it has originated',
    ),
  ).action((endpoint: string, options: Listing) =>
    show(options, { op: 'operation.list', endpoint }, operationColumns),
  );
  withConfig(
    listing(admin.command('mesh')).description(
      'relays of other domains that are dealt with: sessions, what waits for them, what the last attempt failed of',
    ),
  ).action((options: Listing) => show(options, { op: 'mesh.list' }, meshColumns));
  withConfig(
    withReason(
      admin
        .command('terminate <endpoint>')
        .description('end one operation on the presence of an endpoint; its originator is told')
        .requiredOption('--originator <endpoint>', 'whose operation')
        .requiredOption('--trans-id <number>', 'its transID, as `admin operations` shows it'),
    ),
  ).action((endpoint: string, options: WithConfig & WithReason & { originator: string; transId: string }) => {
    const { originator, transId } = options;
    const transID = wholeNumber('--trans-id', transId, 1, MOST_TRANS_ID);
    return ask(options, { op: 'operation.end', endpoint, originator, transID, ...reasonOf(options) });
  });
  withConfig(
    withReason(
      admin
        .command('kick [endpoint]')
        .description('terminate the attachment of an endpoint, or end a session')
        .option(
          '--session <id>',
          'the session to end, as `admin sessions` shows it, in place of an endpoint',
        ),
    ),
  ).action((endpoint: string | undefined, options: WithConfig & WithReason & { session?: string }) => {
    const { session } = options;
    const reason = reasonOf(options);
    if (endpoint !== undefined && session === undefined) {
      return ask(options, { op: 'attachment.end', endpoint, ...reason });
    }
    if (endpoint === undefined && session !== undefined) {
      return ask(options, { op: 'session.end', session, ...reason });
    }
    throw new AppError('usage', 'admin kick: name an endpoint, or a session with --session', 2);
  });
  withConfig(
    admin
      .command('drain')
      .description('drain and stop the server, as SIGTERM does, and wait for its end')
      .option(
        '--grace <seconds>',
        'time for those who are attached; default: drain.graceSeconds of the server',
      )
      .option('--json', 'how far it is and how it ended, as JSON lines'),
  ).action(drain);
  withConfig(
    admin
      .command('log-level')
      .description('change what the log tells, until the next start or SIGHUP')
      .addArgument(new Argument('<level>', 'the least that is told').choices(logLevels)),
  ).action((level: (typeof logLevels)[number], options: WithConfig) =>
    ask(options, { op: 'server.log-level', level }),
  );
}

/** RFC 3340 §9.1: UNIQID */
const MOST_TRANS_ID = 2_147_483_647;

function listing(command: Command): Command {
  return command.option('--json', 'JSON lines in place of a table');
}

/** 554 is no transient failure: applications do not come back by themselves behind it. */
function withReason(command: Command): Command {
  return command
    .option('--code <number>', 'reply code (RFC 3340 §10); behind 400 to 499 applications try again', '554')
    .option('--text <text>', 'why, for people', 'ended by the administrator');
}

function reasonOf({ code, text }: WithReason): { readonly code: number; readonly text: string } {
  return { code: wholeNumber('--code', code, 400, 599), text };
}

async function ask(options: WithConfig, request: LiveRequest): Promise<void> {
  await asking(readConfig(options.config), (askLive) => askLive(request));
}

async function show<Row>(
  options: Listing,
  request: LiveRequest,
  columns: readonly Column<Row>[],
): Promise<void> {
  await asking(readConfig(options.config), async (askLive) => {
    const rows = listed(askLive, request) as AsyncIterable<Row>;
    const lines = options.json === true ? jsonLines(rows) : tableLines(columns, rows);
    for await (const line of lines) process.stdout.write(`${line}\n`);
  });
}

async function* jsonLines(rows: AsyncIterable<unknown>): AsyncGenerator<string, void> {
  for await (const row of rows) yield JSON.stringify(row);
}

async function drain(options: Listing & { grace?: string }): Promise<void> {
  const { grace, json } = options;
  const seconds = grace === undefined ? undefined : wholeNumber('--grace', grace, 0, 3600);
  const outcome = await asking(readConfig(options.config), (askLive: AskLive) =>
    json === true
      ? drained(askLive, seconds, (progress) => process.stdout.write(`${JSON.stringify({ progress })}\n`))
      : withProgress((report) => drained(askLive, seconds, report)),
  );
  const { attached, terminated, unanswered } = outcome;
  const text = `drained: ${attached} attached, ${terminated} told to go, ${unanswered} did not answer`;
  process.stdout.write(`${json === true ? JSON.stringify(outcome) : text}\n`);
}

function wholeNumber(option: string, text: string, least: number, most: number): number {
  const number = Number(text);
  if (text.trim() !== '' && Number.isInteger(number) && number >= least && number <= most) return number;
  throw new AppError('usage', `${option} ${text}: expected a whole number from ${least} to ${most}`, 2);
}

const sessionColumns: readonly Column<SessionView>[] = [
  { heading: 'SESSION', of: ({ id }) => id },
  { heading: 'REMOTE', of: ({ remoteAddress }) => remoteAddress },
  { heading: 'TRANSPORT', of: ({ transport, secured }) => `${transport}${secured ? '+tls' : ''}` },
  { heading: 'IDENTITY', of: ({ identity }) => identity ?? '-' },
  { heading: 'MECHANISM', of: ({ mechanism }) => mechanism ?? '-' },
  { heading: 'AGE', of: ({ ageMs }) => ageText(ageMs) },
  { heading: 'IDLE', of: ({ idleMs }) => ageText(idleMs) },
  { heading: 'UNSENT', of: ({ unsentOctets }) => String(unsentOctets) },
  { heading: 'ATTACHED', of: ({ endpoints }) => (endpoints.length === 0 ? '-' : endpoints.join(' ')) },
];

const attachmentColumns: readonly Column<AttachmentView>[] = [
  { heading: 'ENDPOINT', of: ({ endpoint }) => endpoint },
  { heading: 'SESSION', of: ({ session }) => session },
  { heading: 'TRANSID', of: ({ transID }) => String(transID) },
  { heading: 'UNANSWERED', of: ({ unacknowledged }) => String(unacknowledged) },
  { heading: 'UNSENT', of: ({ unsentOctets }) => String(unsentOctets) },
];

const meshColumns: readonly Column<PeerRelayView>[] = [
  { heading: 'DOMAIN', of: ({ domain }) => domain },
  { heading: 'AS', of: ({ as }) => as },
  { heading: 'SESSIONS', of: ({ sessions }) => String(sessions) },
  { heading: 'WAITING', of: ({ waiting }) => String(waiting) },
  { heading: 'OCTETS', of: ({ waitingOctets }) => String(waitingOctets) },
  { heading: 'FAILURES', of: ({ failures }) => String(failures) },
  { heading: 'LAST FAILURE', of: ({ failure }) => failure ?? '-' },
];

const operationColumns: readonly Column<OperationView>[] = [
  { heading: 'KIND', of: ({ kind }) => kind },
  { heading: 'PUBLISHER', of: ({ publisher }) => publisher },
  { heading: 'ORIGINATOR', of: ({ originator }) => originator },
  { heading: 'TRANSID', of: ({ transID }) => String(transID) },
  { heading: 'UNTIL', of: ({ until }) => until },
];
