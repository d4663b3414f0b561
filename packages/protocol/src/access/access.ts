import { attribute, type ElementReader, readElement, type XmlElement } from '@apex/beep';
import * as z from 'zod';
import { parentElement, readIdentity, readTimestamp, readTransID } from '../attribute.ts';
import { action, identity, isAction, requireValid, timestamp, transID } from '../datatype.ts';
import { actorOf, isActor } from './actor.ts';

/** The elements of the access service (RFC 3341 §6). */

const actor = z
  .string()
  .refine(isActor, 'not a canonical actor')
  .describe('actor: an endpoint or a wildcard; * and \\ in names are escaped with \\');
const actions = z.array(action).min(1).readonly();

/** RFC 3341 §4.2: are these actions allowed? `actor` is an endpoint, without wildcards and escapes. */
export const querySchema = z
  .strictObject({ kind: z.literal('query'), owner: identity, actor: identity, actions, transID })
  .readonly();
export type Query = z.infer<typeof querySchema>;

/** RFC 3341 §4.3: asks for one access entry; `actor` is compared as a literal name. */
export const getSchema = z
  .strictObject({ kind: z.literal('get'), owner: identity, actor, transID })
  .readonly();
export type Get = z.infer<typeof getSchema>;

/** RFC 3341 §3: an access entry. Without actions: it is to be deleted, or was. */
export const accessSchema = z
  .strictObject({
    owner: identity,
    actor,
    actions: actions.exactOptional(),
    lastUpdate: timestamp.exactOptional(),
  })
  .readonly();
export type Access = z.infer<typeof accessSchema>;

/** RFC 3341 §4.4: creates, replaces or deletes an access entry; the service answers `get` with it. */
export const setSchema = z.strictObject({ kind: z.literal('set'), transID, access: accessSchema }).readonly();
export type SetAccess = z.infer<typeof setSchema>;

/** RFC 3341 §4.2 step 5. */
export const allowSchema = z.strictObject({ kind: z.literal('allow'), transID }).readonly();
export type Allow = z.infer<typeof allowSchema>;

/** RFC 3341 §4.2 step 6. */
export const denySchema = z.strictObject({ kind: z.literal('deny'), transID }).readonly();
export type Deny = z.infer<typeof denySchema>;

export function parseQuery(element: XmlElement): Query {
  return readElement(element, 'query', (query) => ({
    kind: 'query',
    owner: readIdentity(query, 'owner'),
    actor: readIdentity(query, 'actor'),
    actions: readActions(query),
    transID: readTransID(query),
  }));
}

/** @throws UsageError `value.invalid` */
export function formatQuery(value: Query): string {
  requireValid(querySchema, value);
  return `<query${attribute('owner', value.owner)}${attribute('actor', value.actor)}${attribute('actions', value.actions.join(' '))} transID='${value.transID}' />`;
}

export function parseGet(element: XmlElement): Get {
  return readElement(element, 'get', (get) => ({
    kind: 'get',
    owner: readIdentity(get, 'owner'),
    actor: readActor(get),
    transID: readTransID(get),
  }));
}

/** @throws UsageError `value.invalid` */
export function formatGet(value: Get): string {
  requireValid(getSchema, value);
  return `<get${attribute('owner', value.owner)}${attribute('actor', value.actor)} transID='${value.transID}' />`;
}

export function parseSet(element: XmlElement): SetAccess {
  return readElement(element, 'set', (set) => ({
    kind: 'set',
    transID: readTransID(set),
    access: set.one('access', parseAccess),
  }));
}

/** @throws UsageError `value.invalid` */
export function formatSet(value: SetAccess): string {
  requireValid(setSchema, value);
  return parentElement('set', ` transID='${value.transID}'`, formatAccess(value.access));
}

export function parseAccess(element: XmlElement): Access {
  return readElement(element, 'access', (access) => ({
    owner: readIdentity(access, 'owner'),
    actor: readActor(access),
    ...(access.optional('actions') === undefined ? {} : { actions: readActions(access) }),
    ...(access.optional('lastUpdate') === undefined
      ? {}
      : { lastUpdate: readTimestamp(access, 'lastUpdate') }),
  }));
}

/** @throws UsageError `value.invalid` */
export function formatAccess(value: Access): string {
  requireValid(accessSchema, value);
  return `<access${attribute('owner', value.owner)}${attribute('actor', value.actor)}${attribute('actions', value.actions?.join(' '))}${attribute('lastUpdate', value.lastUpdate)} />`;
}

export function parseAllow(element: XmlElement): Allow {
  return readElement(element, 'allow', (allow) => ({ kind: 'allow', transID: readTransID(allow) }));
}

/** @throws UsageError `value.invalid` */
export function formatAllow(value: Allow): string {
  requireValid(allowSchema, value);
  return `<allow transID='${value.transID}' />`;
}

export function parseDeny(element: XmlElement): Deny {
  return readElement(element, 'deny', (deny) => ({ kind: 'deny', transID: readTransID(deny) }));
}

/** @throws UsageError `value.invalid` */
export function formatDeny(value: Deny): string {
  requireValid(denySchema, value);
  return `<deny transID='${value.transID}' />`;
}

function readActor(reader: ElementReader): string {
  const text = actorOf(reader.required('actor'));
  if (text === undefined) throw reader.invalidValue('actor', 'an actor');
  return text;
}

function readActions(reader: ElementReader): readonly string[] {
  reader.required('actions');
  const tokens = reader.tokens('actions');
  if (tokens.length === 0 || !tokens.every(isAction)) {
    throw reader.invalidValue('actions', 'a list of actions');
  }
  return tokens;
}
