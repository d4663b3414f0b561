import { domainOf } from '@apex/protocol';
import * as z from 'zod';

/** What commands print: aligned text for people, one JSON document a line for machines. */

const endpointsSchema = z.array(z.string());

export function printEndpoints(result: unknown, json: boolean): void {
  for (const endpoint of endpointsSchema.parse(result)) line(json ? JSON.stringify({ endpoint }) : endpoint);
}

const accessSchema = z.array(
  z.object({
    owner: z.string(),
    actor: z.string(),
    actions: z.array(z.string()),
    lastUpdate: z.string().nullable(),
  }),
);

export function printAccess(result: unknown, json: boolean): void {
  for (const entry of accessSchema.parse(result)) {
    line(
      json
        ? JSON.stringify(entry)
        : `${entry.owner}  ${entry.actor}  ${entry.actions.join(' ')}  ${entry.lastUpdate ?? '(default)'}`,
    );
  }
}

const presenceSchema = z.object({
  publisher: z.string(),
  lastUpdate: z.string(),
  publisherInfo: z.string(),
  tuples: z.array(
    z.object({
      destination: z.string(),
      availableUntil: z.string(),
      tupleInfo: z.string(),
      capabilities: z.array(z.object({ baseline: z.string(), value: z.string() })),
    }),
  ),
  operations: z.array(
    z.object({ kind: z.string(), originator: z.string(), transID: z.number(), until: z.string() }),
  ),
});

/** How a presence entry is shown: to people, as one JSON document, as an export has it, or as PIDF (RFC 3863). */
export type PresenceForm = 'text' | 'json' | 'xml' | 'pidf';

export async function printPresence(result: unknown, form: PresenceForm): Promise<void> {
  const entry = presenceSchema.parse(result);
  if (form === 'json') return line(JSON.stringify(entry));
  if (form === 'xml') {
    const { DOCUMENT_END, documentStart, presenceText } = await import('../data/entries-document.ts');
    const document = documentStart([domainOf(entry.publisher)]) + presenceText(entry) + DOCUMENT_END;
    process.stdout.write(document);
    return;
  }
  if (form === 'pidf') {
    const { pidfText } = await import('../data/pidf.ts');
    process.stdout.write(pidfText(entry, Date.now()));
    return;
  }
  line(`${visible(entry.publisher)}  last update ${entry.lastUpdate}${suffix(entry.publisherInfo)}`);
  for (const tuple of entry.tuples) {
    line(
      `  ${visible(tuple.destination)}  available until ${tuple.availableUntil}${suffix(tuple.tupleInfo)}`,
    );
    for (const capability of tuple.capabilities)
      line(`    ${visible(capability.baseline)}  ${visible(capability.value)}`);
  }
  for (const operation of entry.operations) {
    line(
      `  ${operation.kind} by ${operation.originator} (transID ${operation.transID}) until ${operation.until}`,
    );
  }
}

function suffix(info: string): string {
  return info === '' ? '' : `  ${visible(info)}`;
}

/** What publishers wrote, in one line: a terminal must not act on it. */
export function visible(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) => {
    return `\\u{${character.codePointAt(0)!.toString(16)}}`;
  });
}

function line(text: string): void {
  process.stdout.write(`${text}\n`);
}
