import * as z from 'zod';
import { logLevels } from '../log-levels.ts';

/**
 * What only a running server can be asked: what goes on in it, an end to some of that, and its own end. A list begins
 * with a page; `list.more` continues the list of the connection.
 */
const endpoint = z.string();
const reason = {
  code: z.int().min(400).max(599),
  text: z.string().max(1000),
};

export const liveRequestSchema = z.discriminatedUnion('op', [
  z.strictObject({ op: z.literal('session.list') }),
  z.strictObject({ op: z.literal('attachment.list'), endpoint: endpoint.optional() }),
  z.strictObject({ op: z.literal('operation.list'), endpoint }),
  z.strictObject({ op: z.literal('mesh.list') }),
  z.strictObject({ op: z.literal('list.more') }),
  z.strictObject({ op: z.literal('session.end'), session: z.string(), ...reason }),
  z.strictObject({ op: z.literal('attachment.end'), endpoint, ...reason }),
  z.strictObject({
    op: z.literal('operation.end'),
    endpoint,
    originator: z.string(),
    transID: z.int().min(1),
    ...reason,
  }),
  z.strictObject({ op: z.literal('server.drain'), graceSeconds: z.number().min(0).max(3600).optional() }),
  z.strictObject({ op: z.literal('server.log-level'), level: z.enum(logLevels) }),
]);

export type LiveRequest = z.output<typeof liveRequestSchema>;

const liveOperations = new Set<unknown>(liveRequestSchema.options.map(({ shape }) => shape.op.value));

/** Whether a document asks for something of these, be it as it should or not. */
export function isLive(document: unknown): boolean {
  return (
    typeof document === 'object' && document !== null && 'op' in document && liveOperations.has(document.op)
  );
}

/** What a list is answered with; there is more while `more` is true. */
export interface ListPage {
  readonly rows: readonly unknown[];
  readonly more: boolean;
}

export const listPageSchema = z.strictObject({ rows: z.array(z.unknown()), more: z.boolean() });

export const drainedSchema = z.strictObject({
  attached: z.number(),
  terminated: z.number(),
  unanswered: z.number(),
  /** The process of the server. */
  pid: z.int(),
});
