import * as z from 'zod';
import { allowSchema, denySchema, getSchema, querySchema, setSchema } from './access/schemas.ts';
import { replySchema, terminateSchema } from './core/schemas.ts';
import { notifySchema, publishSchema, subscribeSchema, watchSchema } from './presence/schemas.ts';
import { statusResponseSchema } from './report/schemas.ts';

/** The schema of {@link Operation}. */
export const operationSchema = z.discriminatedUnion('kind', [
  subscribeSchema,
  watchSchema,
  publishSchema,
  notifySchema,
  terminateSchema,
  replySchema,
  querySchema,
  getSchema,
  setSchema,
  allowSchema,
  denySchema,
  statusResponseSchema,
]);

/**
 * Operations: the elements that endpoints and services exchange inside data (RFC 3340 §9.2,
 * RFC 3341 §6, RFC 3343 §6).
 */
export type Operation = z.infer<typeof operationSchema>;
