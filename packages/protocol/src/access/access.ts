import { attribute, type ElementReader, readElement, type XmlElement } from '@apex/beep';
import { parentElement, readIdentity, readTimestamp, readTransID } from '../attribute.ts';
import { isAction } from '../datatype.ts';
import { requireReadable } from '../readable.ts';
import { actorOf } from './actor.ts';
import type { Access, Allow, Deny, Get, Query, SetAccess } from './schemas.ts';

/** The elements of the access service (RFC 3341 §6). */

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
  return requireReadable(value, writeQuery, parseQuery);
}

/** Reads a get. @throws MessageError `element.…` (501) */
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
  return requireReadable(value, writeGet, parseGet);
}

/** Reads a set. @throws MessageError `element.…` (501) */
export function parseSet(element: XmlElement): SetAccess {
  return readElement(element, 'set', (set) => ({
    kind: 'set',
    transID: readTransID(set),
    access: set.one('access', parseAccess),
  }));
}

/** @throws UsageError `value.invalid` */
export function formatSet(value: SetAccess): string {
  return requireReadable(value, writeSet, parseSet);
}

/** Reads an access entry. @throws MessageError `element.…` (501) */
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
  return requireReadable(value, writeAccess, parseAccess);
}

/** Reads an allow. @throws MessageError `element.…` (501) */
export function parseAllow(element: XmlElement): Allow {
  return readElement(element, 'allow', (allow) => ({ kind: 'allow', transID: readTransID(allow) }));
}

/** @throws UsageError `value.invalid` */
export function formatAllow(value: Allow): string {
  return requireReadable(value, writeAllow, parseAllow);
}

/** Reads a deny. @throws MessageError `element.…` (501) */
export function parseDeny(element: XmlElement): Deny {
  return readElement(element, 'deny', (deny) => ({ kind: 'deny', transID: readTransID(deny) }));
}

/** @throws UsageError `value.invalid` */
export function formatDeny(value: Deny): string {
  return requireReadable(value, writeDeny, parseDeny);
}

function writeQuery(value: Query): string {
  return `<query${attribute('owner', value.owner)}${attribute('actor', value.actor)}${attribute('actions', value.actions.join(' '))} transID='${value.transID}' />`;
}

function writeGet(value: Get): string {
  return `<get${attribute('owner', value.owner)}${attribute('actor', value.actor)} transID='${value.transID}' />`;
}

function writeSet(value: SetAccess): string {
  return parentElement('set', ` transID='${value.transID}'`, writeAccess(value.access));
}

function writeAccess(value: Access): string {
  return `<access${attribute('owner', value.owner)}${attribute('actor', value.actor)}${attribute('actions', value.actions?.join(' '))}${attribute('lastUpdate', value.lastUpdate)} />`;
}

function writeAllow(value: Allow): string {
  return `<allow transID='${value.transID}' />`;
}

function writeDeny(value: Deny): string {
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
