import type { TupleUpdate } from '@apex/client';
import { formatApexUrl, formatTimestamp, isTimestamp, isUri, parent } from '@apex/protocol';
import { type ApplicationOptions, publisherOf, withApplication } from '../application.ts';
import { parseDuration } from '../duration.ts';
import { usage } from '../errors.ts';

export interface PublishOptions extends ApplicationOptions {
  readonly publisher?: string;
  readonly availableFor?: string;
  readonly until?: string;
  readonly unavailable?: true;
  readonly destination?: string;
  readonly info?: string;
  readonly tupleInfo?: string;
  readonly capability?: readonly string[];
}

/** `apex publish`: replaces the publisher's entry by one with one tuple. */
export function publish(options: PublishOptions): Promise<void> {
  const availableUntil = availability(options);
  const { info, destination, tupleInfo } = options;
  for (const [option, uri] of [
    ['--info', info],
    ['--destination', destination],
    ['--tuple-info', tupleInfo],
  ] as const) {
    if (uri !== undefined && !isUri(uri)) throw usage(`${option} ${uri}: expected a URI`);
  }
  const capabilities = (options.capability ?? []).map(capabilityOf);
  const named = options.publisher === undefined ? undefined : publisherOf(options.publisher);
  return withApplication({ ...options, lasts: false }, async ({ client, print }) => {
    const publisher = named ?? parent(client.endpoint);
    const tuple: TupleUpdate = {
      destination: destination ?? formatApexUrl(publisher),
      availableUntil: availableUntil(),
      capabilities,
      ...(tupleInfo === undefined ? {} : { tupleInfo }),
    };
    // A function: it counts whatever others have published meanwhile.
    await client.presence.publish(
      () => ({ tuples: [tuple], ...(info === undefined ? {} : { publisherInfo: info }) }),
      { publisher },
    );
    print({ event: 'published', publisher });
  });
}

/** `availableUntil`, by the clock at the time of the publish. */
function availability({ availableFor, until, unavailable }: PublishOptions): () => string {
  const given = [availableFor, until, unavailable].filter((option) => option !== undefined);
  if (given.length !== 1) {
    throw usage('say how long you are available: one of --available-for 1h, --until TIME or --unavailable');
  }
  if (until !== undefined) {
    if (!isTimestamp(until)) throw usage(`--until ${until}: expected a time such as 2026-11-25T17:00:00Z`);
    return () => until;
  }
  const seconds = availableFor === undefined ? 0 : parseDuration(availableFor, '--available-for');
  return () => formatTimestamp(Date.now() + seconds * 1000);
}

function capabilityOf(text: string): { baseline: string; value: string } {
  const cut = text.indexOf('=');
  const baseline = text.slice(0, Math.max(0, cut));
  if (!isUri(baseline)) throw usage(`--capability ${text}: expected the URI of a baseline, = and a value`);
  return { baseline, value: text.slice(cut + 1) };
}
