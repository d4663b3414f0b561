import * as z from 'zod';
import { identity, seconds, timestamp, transID, uri, uriOrEmpty, xmlText } from '../datatype-schemas.ts';

/** The elements of the presence service (RFC 3343 §6), as zod schemas and the types that these describe. */

/** The schema of {@link Capability}. */
export const capabilitySchema = z.strictObject({ baseline: uri, value: xmlText }).readonly();

/** RFC 3343 §3: the kinds of content that an entity can receive, in the language that `baseline` names. */
export type Capability = z.infer<typeof capabilitySchema>;

/** The schema of {@link Tuple}. */
export const tupleSchema = z
  .strictObject({
    destination: uri,
    availableUntil: timestamp,
    tupleInfo: uriOrEmpty,
    capabilities: z.array(capabilitySchema).readonly(),
  })
  .readonly();

/** RFC 3343 §3: one entity at which the publisher can be reached. */
export type Tuple = z.infer<typeof tupleSchema>;

/** The schema of {@link Presence}. */
export const presenceSchema = z
  .strictObject({
    kind: z.literal('presence'),
    publisher: identity,
    lastUpdate: timestamp,
    publisherInfo: uriOrEmpty,
    tuples: z.array(tupleSchema).min(1).readonly(),
  })
  .readonly();

/** RFC 3343 §3: the presence entry of an endpoint. */
export type Presence = z.infer<typeof presenceSchema>;

/** The schema of {@link Subscribe}. */
export const subscribeSchema = z
  .strictObject({ kind: z.literal('subscribe'), publisher: identity, transID, duration: seconds })
  .readonly();

/** RFC 3343 §4.2: to receive the presence entry of `publisher`; duration 0 is a poll. */
export type Subscribe = z.infer<typeof subscribeSchema>;

/** The schema of {@link Watch}. */
export const watchSchema = z
  .strictObject({ kind: z.literal('watch'), publisher: identity, transID, duration: seconds })
  .readonly();

/** RFC 3343 §4.3: to receive notices about those who subscribe to `publisher`; duration 0 is a poll. */
export type Watch = z.infer<typeof watchSchema>;

/** The schema of {@link Publish}. */
export const publishSchema = z
  .strictObject({
    kind: z.literal('publish'),
    publisher: identity,
    transID,
    timeStamp: timestamp,
    presence: presenceSchema,
  })
  .readonly();

/**
 * RFC 3343 §4.4: replaces a presence entry, or brings one to a subscriber. That both publishers
 * match is for the service to check (step 1).
 */
export type Publish = z.infer<typeof publishSchema>;

/** The schema of {@link Notify}. */
export const notifySchema = z
  .strictObject({
    kind: z.literal('notify'),
    subscriber: identity,
    transID,
    duration: seconds,
    action: z.enum(['subscribe', 'terminate']),
  })
  .readonly();

/** RFC 3343 §4.6: tells a watcher about a subscription, or about its end. */
export type Notify = z.infer<typeof notifySchema>;
