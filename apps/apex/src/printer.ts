import type { AccessEntry, Notification, OperationEnd, PresenceEntry, StatusReport } from '@apex/client';
import { msFromInstant, parseTimestamp } from '@apex/protocol';
import { formatDuration } from './duration.ts';
import { visible } from './visible.ts';

/**
 * What commands print, one of these after the other: as text for people, or each as one line of JSON
 * (`--json`).
 */
export type Output =
  /** The operation is in progress at the service, under this transID. */
  | {
      readonly event: 'started';
      readonly publisher: string;
      readonly endpoint: string;
      readonly transID: number;
    }
  | { readonly event: 'entry'; readonly entry: PresenceEntry }
  | ({ readonly event: 'notification'; readonly publisher: string } & Exclude<
      Notification,
      { readonly action: 'restart' }
    >)
  | { readonly event: 'published'; readonly publisher: string }
  | {
      readonly event: 'verdict';
      readonly actor: string;
      readonly actions: readonly string[];
      readonly allowed: boolean;
    }
  | { readonly event: 'access'; readonly entry: AccessEntry }
  /** The relay has taken it; that it was delivered is told by reports. */
  | { readonly event: 'accepted'; readonly recipients: readonly string[] }
  | { readonly event: 'report'; readonly report: StatusReport }
  | { readonly event: 'hop'; readonly hop: number; readonly report: StatusReport }
  | { readonly event: 'attached'; readonly endpoint: string }
  | {
      readonly event: 'received';
      readonly originator: string;
      readonly recipient: string;
      /** A content type; `xml` for what stands in the data element, `external` for what stands somewhere else. */
      readonly type: string;
      readonly text?: string;
      readonly octets?: number;
      readonly uri?: string;
    }
  /** After a change that leaves no entry for the actor. */
  | { readonly event: 'no-access'; readonly actor: string }
  | {
      readonly event: 'ended';
      readonly publisher: string;
      readonly reason: Reason;
      readonly replyCode?: number;
      readonly text?: string;
    };

/** `closed`: this command ended it. */
type Reason = Exclude<OperationEnd['kind'], 'lost'>;

export type Print = (output: Output) => void;

export function printer(json: boolean, write: (text: string) => void): Print {
  return (output) => write(`${json ? visible(JSON.stringify(output)) : textOf(output, Date.now())}\n`);
}

/** How an operation ended, as it is printed; one that was lost throws its error. */
export function endOf(publisher: string, end: OperationEnd): Output {
  if (end.kind === 'lost') throw end.error;
  if (end.kind !== 'terminated') return { event: 'ended', publisher, reason: end.kind };
  const { replyCode, text } = end;
  return { event: 'ended', publisher, reason: 'terminated', replyCode, text };
}

/** What others wrote stands in it: whatever it is, it steers no terminal and makes no line of its own. */
export function textOf(output: Output, now: number): string {
  return linesOf(output, now).map(visible).join('\n');
}

function linesOf(output: Output, now: number): readonly string[] {
  return output.event === 'entry' ? entryLines(output.entry, now) : [lineOf(output)];
}

function lineOf(output: Exclude<Output, { event: 'entry' }>): string {
  switch (output.event) {
    case 'started':
      return `${output.endpoint} follows ${output.publisher}; Ctrl-C ends it`;
    case 'notification':
      return output.action === 'subscribe'
        ? `${output.subscriber} ${output.durationSeconds === 0 ? 'polls' : `subscribes for ${formatDuration(output.durationSeconds)}`}`
        : `${output.subscriber} no longer subscribes`;
    case 'published':
      return `published for ${output.publisher}`;
    case 'verdict':
      return `${output.allowed ? 'allow' : 'deny'}: ${output.actor} ${output.actions.join(' ')}`;
    case 'access': {
      const { actor, actions = [], lastUpdate } = output.entry;
      return `${actor}: ${actions.join(' ')}, last update ${lastUpdate}`;
    }
    case 'accepted':
      return `accepted for ${output.recipients.join(', ')}`;
    case 'report':
      return reportText(output.report);
    case 'hop': {
      const { relay, replyCode, text, afterMs } = output.report;
      return `${`${output.hop}  ${relay}  ${replyCode} ${text}`.trimEnd()}  ${afterMs.toFixed(1)} ms`;
    }
    case 'attached':
      return `attached as ${output.endpoint}; Ctrl-C ends it`;
    case 'received': {
      const { originator, type, text, octets, uri } = output;
      return `${originator}: ${text ?? uri ?? `${octets} octets of ${type}`}`;
    }
    case 'no-access':
      return `no entry for ${output.actor}`;
    case 'ended':
      return endText(output);
  }
}

function reportText({ recipient, kind, replyCode, text, afterMs }: StatusReport): string {
  const reason = kind === 'delivered' ? '' : `, ${replyCode} ${text}`.trimEnd();
  return `${recipient}: ${kind} after ${afterMs.toFixed(0)} ms${reason}`;
}

function endText({ publisher, reason, replyCode, text }: Extract<Output, { event: 'ended' }>): string {
  switch (reason) {
    case 'expired':
      return `${publisher}: the time asked for is over`;
    case 'closed':
      return `${publisher}: ended`;
    case 'terminated':
      return `${publisher}: ended by the service, ${replyCode} ${text}`.trimEnd();
  }
}

function entryLines(
  { publisher, lastUpdate, publisherInfo, tuples }: PresenceEntry,
  now: number,
): readonly string[] {
  const lines = [`${publisher}, last update ${lastUpdate}${suffix(publisherInfo)}`];
  for (const { destination, availableUntil, tupleInfo, capabilities } of tuples) {
    lines.push(`  ${destination}  ${availability(availableUntil, now)}${suffix(tupleInfo)}`);
    for (const { baseline, value } of capabilities) lines.push(`    ${baseline}  ${value}`);
  }
  return lines;
}

function availability(until: string, now: number): string {
  const seconds = (msFromInstant(parseTimestamp(until)) - now) / 1000;
  return seconds > 0
    ? `available for ${formatDuration(seconds)}, until ${until}`
    : `not available since ${until}`;
}

function suffix(info: string): string {
  return info === '' ? '' : `  ${info}`;
}
