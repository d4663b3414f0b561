import { UsageError } from '@apex/beep';
import { isService, type Presence, parseTuples, type Tuple } from '@apex/protocol';
import { wholeMs } from './services/operation-service.ts';
import { entryOf } from './services/presence/presence-service.ts';
import type { SubjectAdministration } from './subject/administration.ts';
import type { ImportOutcome } from './subject/input.ts';

/** An access entry as administrators see it. */
export interface AccessEntryView {
  readonly owner: string;
  readonly actor: string;
  readonly actions: readonly string[];
  /** RFC 3339. */
  readonly lastUpdate: string;
}

/** A presence entry as administrators see it. */
export interface PresenceEntryView {
  readonly publisher: string;
  /** RFC 3339. */
  readonly lastUpdate: string;
  readonly publisherInfo: string;
  readonly tuples: readonly Tuple[];
}

/** The entries of one endpoint and of its subaddresses, as they were at one moment. */
export interface SubjectEntries {
  readonly endpoint: string;
  /** Absent for a service, which publishes nothing. */
  readonly presence?: PresenceEntryView;
  /** Without what is remembered of removed ones. */
  readonly access: readonly AccessEntryView[];
}

/** Some of all entries, in the order of their endpoints. */
export interface EntriesPage {
  readonly subjects: readonly SubjectEntries[];
  /** Where the next page begins; absent behind the last one. */
  readonly next?: string;
}

/** One entry to be imported. */
export type ImportedEntry =
  | { readonly kind: 'presence'; readonly presence: Presence }
  | { readonly kind: 'access'; readonly access: AccessEntryView };

/** What became of it; one that was refused has changed nothing. */
export type ImportResult =
  | { readonly outcome: ImportOutcome }
  | { readonly outcome: 'refused'; readonly code: string; readonly message: string };

/** Endpoints that are read at a time. */
const AT_A_TIME = 50;
/** A page ends behind so many entries: an endpoint may have very many access entries. */
const PAGE_ENTRIES = 1000;

/** The entries of the endpoints behind `after`, in code unit order. Services have access entries alone. */
export async function exportPage(
  subjects: SubjectAdministration,
  after: string,
  timestamp: (ms: number) => string,
): Promise<EntriesPage> {
  const page: SubjectEntries[] = [];
  let entries = 0;
  for (let last = after; ; ) {
    const names = await subjects.listEndpoints(last, AT_A_TIME);
    const found = await Promise.all(
      names.map((name) => exportSubject(subjects, name, timestamp).catch(ignoreUnknown)),
    );
    for (const subject of found) {
      if (subject === undefined) continue;
      page.push(subject);
      entries += 1 + subject.access.length;
    }
    if (names.length < AT_A_TIME) return { subjects: page };
    last = names.at(-1)!;
    if (entries >= PAGE_ENTRIES) return { subjects: page, next: last };
  }
}

/** @throws UsageError `endpoint.unknown` */
export async function exportSubject(
  subjects: SubjectAdministration,
  name: string,
  timestamp: (ms: number) => string,
): Promise<SubjectEntries> {
  const { endpoint, presence, access } = await subjects.entriesOf(name);
  return {
    endpoint,
    ...(isService(endpoint)
      ? {}
      : {
          presence: {
            publisher: endpoint,
            lastUpdate: timestamp(presence.lastUpdate),
            publisherInfo: presence.publisherInfo,
            tuples: parseTuples(presence.tuplesXml),
          },
        }),
    access: access
      .flatMap(({ owner, actor, actions, lastUpdate }) =>
        actions === undefined ? [] : [{ owner, actor, actions, lastUpdate: timestamp(lastUpdate) }],
      )
      .sort(inOrder),
  };
}

/** Imports one entry through the owner of its subject. Rejects with ReplyError 451 when the store failed. */
export async function importEntry(
  subjects: SubjectAdministration,
  entry: ImportedEntry,
  replace: boolean,
): Promise<ImportResult> {
  try {
    return { outcome: await imported(subjects, entry, replace) };
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    return { outcome: 'refused', code: error.code, message: error.message };
  }
}

function imported(
  subjects: SubjectAdministration,
  entry: ImportedEntry,
  replace: boolean,
): Promise<ImportOutcome> {
  if (entry.kind === 'access') {
    const { owner, actor, actions } = entry.access;
    const lastUpdate = lastUpdateOf(entry.access.lastUpdate);
    return subjects.importAccess({ owner, actor, actions, lastUpdate }, replace);
  }
  const presence = entryOf(entry.presence);
  return subjects.importPresence(
    { ...presence, lastUpdate: lastUpdateOf(entry.presence.lastUpdate) },
    replace,
  );
}

function lastUpdateOf(text: string): number {
  const ms = wholeMs(text);
  if (ms !== undefined) return ms;
  throw new UsageError('import.fraction', `its lastUpdate ${text} is finer than a millisecond`);
}

function inOrder(a: AccessEntryView, b: AccessEntryView): number {
  return a.owner === b.owner ? compare(a.actor, b.actor) : compare(a.owner, b.owner);
}

/** Code unit order, which does not depend on a language. */
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** It was removed since it was listed. */
function ignoreUnknown(error: unknown): undefined {
  if (error instanceof UsageError && error.code === 'endpoint.unknown') return undefined;
  throw error;
}
