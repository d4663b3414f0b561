import type { PresenceEntry, PresenceUpdate } from '@apex/client';
import { formatApexUrl, isUri, msFromInstant, parseTimestamp } from '@apex/protocol';

/** What somebody is about to publish, as the form has it. */
export interface Draft {
  readonly publisherInfo: string;
  readonly tuples: readonly DraftTuple[];
}

export interface DraftTuple {
  /** For the page; it never leaves it. */
  readonly id: number;
  readonly destination: string;
  readonly until: Until;
  readonly tupleInfo: string;
  readonly capabilities: readonly DraftCapability[];
}

export interface DraftCapability {
  readonly id: number;
  readonly baseline: string;
  readonly value: string;
}

/** Minutes from the moment of publishing, or a time of the clock as `datetime-local` has it. */
export type Until =
  | { readonly kind: 'for'; readonly minutes: number }
  | { readonly kind: 'at'; readonly local: string };

/** What is wrong with a draft, by the field: `publisherInfo`, `destination 1`, `until 1`, `baseline 2`. */
export type Problems = ReadonlyMap<string, string>;

let lastId = 0;

export function newId(): number {
  lastId += 1;
  return lastId;
}

/** Reachable by messages at this endpoint, for an hour. */
export function newDraft(endpoint: string): Draft {
  return { publisherInfo: '', tuples: [newTuple(formatApexUrl(endpoint))] };
}

export function newTuple(destination = ''): DraftTuple {
  return { id: newId(), destination, until: { kind: 'for', minutes: 60 }, tupleInfo: '', capabilities: [] };
}

/** The form filled in with what is published. What is over is offered for an hour more. */
export function draftOf(
  { publisherInfo, tuples }: Pick<PresenceEntry, 'publisherInfo' | 'tuples'>,
  nowMs: number,
): Draft {
  return {
    publisherInfo,
    tuples: tuples.map(({ destination, availableUntil, tupleInfo, capabilities }) => {
      const untilMs = msFromInstant(parseTimestamp(availableUntil));
      return {
        id: newId(),
        destination,
        until: untilMs > nowMs ? { kind: 'at', local: localOf(untilMs) } : { kind: 'for', minutes: 60 },
        tupleInfo,
        capabilities: capabilities.map((capability) => ({ ...capability, id: newId() })),
      };
    }),
  };
}

/** What `datetime-local` has for an instant, in the time zone of the page. */
export function localOf(ms: number): string {
  const date = new Date(ms);
  const two = (value: number): string => String(value).padStart(2, '0');
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day}T${two(date.getHours())}:${two(date.getMinutes())}`;
}

/** The update that a draft means at an instant; the problems when it means none. */
export function updateOf(
  draft: Draft,
  nowMs: number,
):
  | { readonly kind: 'update'; readonly update: PresenceUpdate }
  | { readonly kind: 'problems'; readonly problems: Problems } {
  const problems = new Map<string, string>();
  const requireUri = (field: string, text: string, isOptional: boolean): void => {
    const trimmed = text.trim();
    if (trimmed === '' ? isOptional : isUri(trimmed)) return;
    problems.set(
      field,
      trimmed === ''
        ? 'Name a URI.'
        : 'This is no URI, such as https://example.com/fred or mailto:fred@example.com.',
    );
  };
  requireUri('publisherInfo', draft.publisherInfo, true);
  const tuples = draft.tuples.map((tuple) => {
    requireUri(`destination ${tuple.id}`, tuple.destination, false);
    requireUri(`tupleInfo ${tuple.id}`, tuple.tupleInfo, true);
    for (const { id, baseline } of tuple.capabilities) requireUri(`baseline ${id}`, baseline, false);
    const untilMs = untilMsOf(tuple.until, nowMs);
    if (untilMs === undefined) problems.set(`until ${tuple.id}`, 'Name a day and a time.');
    return {
      destination: tuple.destination.trim(),
      availableUntil: new Date(untilMs ?? nowMs).toISOString(),
      tupleInfo: tuple.tupleInfo.trim(),
      capabilities: tuple.capabilities.map(({ baseline, value }) => ({ baseline: baseline.trim(), value })),
    };
  });
  if (problems.size > 0) return { kind: 'problems', problems };
  return { kind: 'update', update: { publisherInfo: draft.publisherInfo.trim(), tuples } };
}

function untilMsOf(until: Until, nowMs: number): number | undefined {
  if (until.kind === 'for') return nowMs + until.minutes * 60_000;
  const ms = new Date(until.local).getTime();
  return Number.isNaN(ms) ? undefined : ms;
}
