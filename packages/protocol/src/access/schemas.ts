import * as z from 'zod';
import { action, identity, timestamp, transID } from '../datatype-schemas.ts';
import { isActor } from './actor.ts';

/** The elements of the access service (RFC 3341 §6), as zod schemas and the types that these describe. */

const actor = z
  .string()
  .refine(isActor, 'not a canonical actor')
  .describe('actor: an endpoint or a wildcard; * and \\ in names are escaped with \\');

const actions = z.array(action).min(1).readonly();

/** The schema of {@link Query}. */
export const querySchema = z
  .strictObject({ kind: z.literal('query'), owner: identity, actor: identity, actions, transID })
  .readonly();

/** RFC 3341 §4.2: are these actions allowed? `actor` is an endpoint, without wildcards and escapes. */
export type Query = z.infer<typeof querySchema>;

/** The schema of {@link Get}. */
export const getSchema = z
  .strictObject({ kind: z.literal('get'), owner: identity, actor, transID })
  .readonly();

/** RFC 3341 §4.3: asks for one access entry; `actor` is compared as a literal name. */
export type Get = z.infer<typeof getSchema>;

/** The schema of {@link Access}. */
export const accessSchema = z
  .strictObject({
    owner: identity,
    actor,
    actions: actions.exactOptional(),
    lastUpdate: timestamp.exactOptional(),
  })
  .readonly();

/** RFC 3341 §3: an access entry. Without actions: it is to be deleted, or was. */
export type Access = z.infer<typeof accessSchema>;

/** The schema of {@link SetAccess}. */
export const setSchema = z.strictObject({ kind: z.literal('set'), transID, access: accessSchema }).readonly();

/** RFC 3341 §4.4: creates, replaces or deletes an access entry; the service answers `get` with it. */
export type SetAccess = z.infer<typeof setSchema>;

/** The schema of {@link Allow}. */
export const allowSchema = z.strictObject({ kind: z.literal('allow'), transID }).readonly();

/** RFC 3341 §4.2 step 5. */
export type Allow = z.infer<typeof allowSchema>;

/** The schema of {@link Deny}. */
export const denySchema = z.strictObject({ kind: z.literal('deny'), transID }).readonly();

/** RFC 3341 §4.2 step 6. */
export type Deny = z.infer<typeof denySchema>;
