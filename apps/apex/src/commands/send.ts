import { readFile } from 'node:fs/promises';
import type { Content, SendOptions } from '@apex/client';
import { type ApplicationOptions, withApplication } from '../application.ts';
import { isInputFree } from '../credentials.ts';
import { parseMilliseconds } from '../duration.ts';
import { AppError, usage } from '../errors.ts';
import { follow } from '../reports.ts';
import { endpointOf } from '../target.ts';

export interface SendCommandOptions extends ApplicationOptions {
  readonly also?: readonly string[];
  readonly file?: string;
  readonly xml?: true;
  readonly contentType?: string;
  readonly status?: true;
  readonly hold?: true;
  readonly notLaterThan?: string;
  readonly reportAfter?: string;
  readonly timeout: string;
}

/** `apex send`: data for one endpoint or several, and with `--status` what becomes of it. */
export async function send(
  recipient: string,
  text: string | undefined,
  options: SendCommandOptions,
): Promise<void> {
  const recipients = [recipient, ...(options.also ?? [])].map((name) => endpointOf(name, 'recipient'));
  const given = sendOptions(options);
  const timeoutMs = parseMilliseconds(options.timeout, '--timeout');
  const content = await contentOf(text, options);
  await withApplication({ ...options, lasts: false }, async ({ client, print }) => {
    const sent = await client.send(recipients, content, given);
    print({ event: 'accepted', recipients: sent.recipients });
    if (options.status !== true) return;
    const outcomes = await follow(sent, timeoutMs, (report) => print({ event: 'report', report }));
    const failed = [...outcomes.values()].filter(({ kind }) => kind === 'failed');
    if (failed.length === 0) return;
    const names = failed.map((report) => report.recipient).join(', ');
    throw new AppError(
      'send.failed',
      `not delivered to ${names}; --hold waits for those who are not attached`,
    );
  });
}

function sendOptions(options: SendCommandOptions): SendOptions {
  const { status, hold, notLaterThan, reportAfter } = options;
  if (reportAfter !== undefined && status !== true)
    throw usage('--report-after: of use with --status only; add that');
  return {
    ...(status === true ? { status: true } : {}),
    ...(hold === true ? { hold: true } : {}),
    ...(notLaterThan === undefined
      ? {}
      : { notLaterThanMs: parseMilliseconds(notLaterThan, '--not-later-than') }),
    ...(reportAfter === undefined ? {} : { reportAfterMs: parseMilliseconds(reportAfter, '--report-after') }),
  };
}

async function contentOf(text: string | undefined, options: SendCommandOptions): Promise<Content> {
  const { file, xml, contentType } = options;
  if (text !== undefined && file !== undefined)
    throw usage('--file: there is a text already; leave one of them out');
  if (xml === true && contentType !== undefined)
    throw usage('--content-type: XML has none; leave out that or --xml');
  const octets = text === undefined ? await octetsOf(options) : new TextEncoder().encode(text);
  if (contentType !== undefined) return { contentType, body: octets };
  const decoded = new TextDecoder('utf-8', { fatal: true, ignoreBOM: xml !== true });
  try {
    return xml === true ? { xml: decoded.decode(octets) } : { text: decoded.decode(octets) };
  } catch {
    throw usage('not UTF-8: name what it is with --content-type, such as application/octet-stream');
  }
}

async function octetsOf({ file, cert }: SendCommandOptions): Promise<Uint8Array> {
  if (file !== undefined) {
    return readFile(file).catch((error: Error) => {
      throw new AppError('send.file', `cannot read ${file}: ${error.message}; check the path and its rights`);
    });
  }
  if (process.stdin.isTTY) {
    throw usage('nothing to send: name a text or --file, or write it to standard input');
  }
  if (!isInputFree(cert !== undefined)) {
    throw usage('standard input is what to send, so the password has to be in APEX_PASSWORD');
  }
  const chunks: Uint8Array[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Uint8Array);
  return Buffer.concat(chunks);
}
