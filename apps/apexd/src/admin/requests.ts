import { isAbsolute } from 'node:path';
import * as z from 'zod';
import { importedEntrySchema } from '../data/imported-entry.ts';
import { progressSchema } from './progress.ts';

/**
 * What commands ask of a running server over its admin socket, one JSON document a line. A request is answered by
 * one line, before which any number of lines may tell how far it is; requests of one connection are carried out one
 * after the other. The socket lies in the data folder and only its owner may open it.
 */
const endpoint = z.string();

export const adminRequestSchema = z.discriminatedUnion('op', [
  z.strictObject({ op: z.literal('endpoint.add'), endpoint, password: z.string() }),
  z.strictObject({
    op: z.literal('endpoint.import'),
    entries: z.array(z.strictObject({ endpoint, password: z.string() })),
  }),
  z.strictObject({ op: z.literal('endpoint.list') }),
  z.strictObject({ op: z.literal('endpoint.remove'), endpoint }),
  z.strictObject({ op: z.literal('endpoint.passwd'), endpoint, password: z.string() }),
  z.strictObject({
    op: z.literal('access.set'),
    owner: endpoint,
    actor: z.string(),
    actions: z.array(z.string()).min(1),
  }),
  z.strictObject({ op: z.literal('access.list'), owner: endpoint }),
  z.strictObject({ op: z.literal('access.remove'), owner: endpoint, actor: z.string() }),
  z.strictObject({ op: z.literal('presence.show'), endpoint }),
  z.strictObject({ op: z.literal('presence.entries'), endpoint }),
  z.strictObject({ op: z.literal('presence.export'), after: z.string() }),
  z.strictObject({
    op: z.literal('presence.import'),
    entries: z.array(importedEntrySchema),
    replace: z.boolean(),
  }),
  /** `file` is absolute: the server may run in another folder. */
  z.strictObject({ op: z.literal('backup'), file: z.string().refine(isAbsolute), force: z.boolean() }),
]);

export type AdminRequest = z.output<typeof adminRequestSchema>;

export const adminResponseSchema = z.discriminatedUnion('ok', [
  z.strictObject({ ok: z.literal(true), result: z.unknown() }),
  z.strictObject({ ok: z.literal(false), code: z.string(), message: z.string() }),
]);

export type AdminResponse = z.output<typeof adminResponseSchema>;

/** What the server writes: how far the oldest request without an answer is, or its answer. */
export const adminLineSchema = z.union([z.strictObject({ progress: progressSchema }), adminResponseSchema]);

/** A request line longer than this is refused: an import of 100,000 endpoints fits. */
export const maximumLineOctets = 16 * 1024 * 1024;
