import { encodeUtf8, MessageError, parseMime, UsageError } from '@apex/beep';
import {
  type Data,
  dataHoppingOption,
  dataTimingOption,
  domainOf,
  encodeDataMessage,
  encodeRelated,
  formatCid,
  formatData,
  hold4EndpointOption,
  isXmlContent,
  MAX_TRANSID,
  type NewPart,
  type Option,
  parseData,
  requireReadable,
  statusRequestOption,
} from '@apex/protocol';
import { requireEndpoint } from '../endpoints.ts';
import { ApexError } from '../errors.ts';
import { inTime } from '../in-time.ts';
import type { Operations } from '../operations.ts';
import type { Content } from './content.ts';
import { Sent } from './sent.ts';

/** What the relays on the way do with data (RFC 3342), and what they report. */
export interface SendOptions {
  /** Holds the data for a recipient that is not attached, and loses it in no crash of its relay (RFC 3342 §3). */
  readonly hold?: boolean;
  /** Drops the data that is not delivered by then, in milliseconds from now (RFC 3342 §2.1). */
  readonly notLaterThanMs?: number;
  /**
   * With `notLaterThanMs` and `status: true`: lets the relays drop a report of the delivery that takes longer to come
   * back, in milliseconds (RFC 3342 §2.1). No report by then tells nothing.
   */
  readonly returnTripMs?: number;
  /** Has a delay reported that lasts so long, in milliseconds; with `status` (RFC 3342 §2.2). */
  readonly reportAfterMs?: number;
  /**
   * Has reported what becomes of it (RFC 3340 §5.1): by the relay of each recipient (`true`), or by every relay on the
   * way (`'trace'`).
   */
  readonly status?: boolean | 'trace';
  /** Relays on the way at most, 1..255 (RFC 3342 §4). */
  readonly maxHops?: number;
  /** Options of your own, for all relays and recipients. */
  readonly options?: readonly Option[];
  /** Stops the waiting for a session and for the relay: rejects with its reason. What has left is sent. */
  readonly signal?: AbortSignal;
}

/** What sending needs of its client. */
export interface SendContext {
  readonly endpoint: string;
  readonly operations: Operations;
  /** How long the relay may take to accept data, in milliseconds. */
  readonly acceptMs: number;
  /** Resolves when there is a session. Rejects with ApexError `client.disconnected` when there is none in time. */
  attached(what: string, signal: AbortSignal | undefined): Promise<void>;
  /** Resolves when the relay has accepted the data. */
  transmit(payload: Uint8Array): Promise<void>;
}

/** 3340 §6.2 rule 1: whose reports are believed, whatever relay makes them. */
export function isReportService(endpoint: string): boolean {
  return endpoint.startsWith('apex=report@');
}

/** Sends data (RFC 3340 §4.4.4). Rejects with ApexError. */
export async function send(
  context: SendContext,
  to: string | readonly string[],
  content: Content,
  options: SendOptions,
): Promise<Sent> {
  options.signal?.throwIfAborted();
  const recipients = recipientsOf(to);
  check(options);
  const { operations } = context;
  const isReported = options.status !== undefined && options.status !== false;
  const transIDs: number[] = [];
  const forget = (): void => {
    for (const transID of transIDs) operations.remove(transID);
  };
  requireContent(content);
  const sent = new Sent(recipients, isReported, forget);
  const newTransID = (): number => {
    const transID = operations.add({
      // C11: whichever relay reports
      service: isReportService,
      received(operation, service) {
        if (operation.kind === 'statusResponse') sent.reported(service, operation);
      },
      ended: (error) => sent.ended(error),
    });
    transIDs.push(transID);
    return transID;
  };
  try {
    const payload = encode(context.endpoint, recipients, content, optionsOf(options, newTransID));
    operations.requireOpen();
    const what = `send to ${recipients.join(', ')}`;
    await context.attached(what, options.signal);
    const { acceptMs } = context;
    const late = (): ApexError =>
      new ApexError('client.timeout', `${what}: not accepted by the relay within ${acceptMs} ms`);
    await inTime(context.transmit(payload), acceptMs, late, options.signal);
  } catch (error) {
    forget();
    throw error;
  }
  if (!isReported) forget();
  return sent;
}

function recipientsOf(to: string | readonly string[]): readonly string[] {
  const recipients = [...new Set((typeof to === 'string' ? [to] : to).map(requireEndpoint))];
  if (recipients.length === 0)
    throw new ApexError('client.usage', 'no recipient: name at least one endpoint');
  return recipients;
}

function check({ notLaterThanMs, returnTripMs, reportAfterMs, maxHops, status, hold }: SendOptions): void {
  const bounds = [
    ['notLaterThanMs', notLaterThanMs, MAX_TRANSID],
    ['returnTripMs', returnTripMs, MAX_TRANSID],
    ['reportAfterMs', reportAfterMs, MAX_TRANSID],
    ['maxHops', maxHops, 255],
  ] as const;
  for (const [name, value, most] of bounds) {
    if (value === undefined || (Number.isInteger(value) && value >= 1 && value <= most)) continue;
    throw new ApexError('client.usage', `${name}: ${value} is not a whole number from 1 to ${most}`);
  }
  if (reportAfterMs !== undefined && (status === undefined || status === false)) {
    throw new ApexError('client.usage', 'reportAfterMs is of use with { status: true } only');
  }
  if (returnTripMs !== undefined && (notLaterThanMs === undefined || status !== true)) {
    throw new ApexError(
      'client.usage',
      'returnTripMs is of use with notLaterThanMs and { status: true } only',
    );
  }
  if (hold === undefined || typeof hold === 'boolean') return;
  throw new ApexError('client.usage', 'hold is true or false');
}

function requireContent(content: Content): void {
  if ('contentType' in content) return requireContentType(content.contentType);
  // It would come as another text.
  if (!('text' in content ? content.text : content.xml).isWellFormed()) {
    throw new ApexError('client.usage', 'half of a surrogate pair, which UTF-8 cannot carry');
  }
  if ('xml' in content && !isXmlContent(content.xml)) {
    throw new ApexError(
      'client.usage',
      'xml: not well-formed XML, without a declaration and a document type',
    );
  }
}

/** RFC 2045 §5.1: type and subtype, then parameters, which those who receive it can read. */
function requireContentType(contentType: string): void {
  try {
    // Nothing that ends the header field.
    if (/^[ -~]+$/.test(contentType)) {
      parseMime(encodeUtf8(`Content-Type: ${contentType}\r\n\r\n`));
      return;
    }
  } catch (error) {
    if (!(error instanceof MessageError)) throw error;
  }
  throw new ApexError('client.usage', `not a content type, such as application/json: "${contentType}"`);
}

function optionsOf(options: SendOptions, newTransID: () => number): readonly Option[] {
  const { hold, notLaterThanMs = 0, returnTripMs = 0, reportAfterMs = 0, status, maxHops } = options;
  const isReported = status !== undefined && status !== false;
  const all: Option[] = [];
  // With a return trip dataTiming has both outcomes reported, and a statusRequest would have no bound.
  if (isReported && returnTripMs === 0) {
    const targetHop = status === 'trace' ? 'all' : 'final';
    all.push(statusRequestOption({ transID: newTransID(), targetHop }));
  }
  if (hold === true) all.push(hold4EndpointOption());
  if (notLaterThanMs > 0 || reportAfterMs > 0) {
    // A relay on the way that gives the data up tells so by this option alone.
    const timing = {
      kind: 'dataTiming',
      noLaterThan: notLaterThanMs,
      returnTrip: returnTripMs,
      reportAfter: reportAfterMs,
      reportErrors: isReported,
    } as const;
    all.push(dataTimingOption(timing, newTransID()));
  }
  if (maxHops !== undefined) {
    const hopping = { kind: 'dataHopping', noMoreThan: maxHops, reportErrors: isReported } as const;
    all.push(dataHoppingOption(hopping, newTransID()));
  }
  return [...all, ...(options.options ?? [])];
}

function encode(
  originator: string,
  recipients: readonly string[],
  content: Content,
  options: readonly Option[],
): Uint8Array {
  const parties = {
    kind: 'data',
    originator: { identity: originator, options: [] },
    recipients: recipients.map((identity) => ({ identity, options: [] })),
    options,
  } as const;
  if ('xml' in content) {
    return encodeDataMessage({
      data: checked({ ...parties, content: '#Content', dataContent: { name: 'Content', xml: content.xml } }),
    });
  }
  const contentId = `${unique()}@${domainOf(originator)}`;
  const part: NewPart =
    'text' in content
      ? { contentId, contentType: 'text/plain; charset=utf-8', body: encodeUtf8(content.text) }
      : { contentId, contentType: content.contentType, body: content.body };
  return encodeRelated(checked({ ...parties, content: formatCid(contentId) }), [part]);
}

/** 128 random bits: pages without a secure context have no `crypto.randomUUID`. */
function unique(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

function checked(data: Data): Data {
  try {
    requireReadable(data, formatData, parseData);
    return data;
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    throw new ApexError('client.usage', `data that cannot be sent: ${error.message}`, { cause: error });
  }
}
