import { MessageError, parseXml, ReplyError, type XmlElement } from '@apex/beep';
import {
  formatAllow,
  formatDeny,
  formatGet,
  formatQuery,
  formatSet,
  parseAllow,
  parseDeny,
  parseGet,
  parseQuery,
  parseSet,
} from './access/access.ts';
import { formatReply, parseReply } from './core/reply.ts';
import { formatTerminate, parseTerminate } from './core/terminate.ts';
import type { Operation } from './operation-schema.ts';
import { formatNotify, parseNotify } from './presence/notify.ts';
import { formatPublish, parsePublish } from './presence/publish.ts';
import { formatSubscribe, parseSubscribe } from './presence/subscribe.ts';
import { formatWatch, parseWatch } from './presence/watch.ts';
import { formatStatusResponse, parseStatusResponse } from './report/status-response.ts';
import { MAX_TRANSID, parseNumber } from './transaction.ts';

const PARSERS: ReadonlyMap<string, (element: XmlElement) => Operation> = new Map<
  string,
  (element: XmlElement) => Operation
>([
  ['subscribe', parseSubscribe],
  ['watch', parseWatch],
  ['publish', parsePublish],
  ['notify', parseNotify],
  ['terminate', parseTerminate],
  ['reply', parseReply],
  ['query', parseQuery],
  ['get', parseGet],
  ['set', parseSet],
  ['allow', parseAllow],
  ['deny', parseDeny],
  ['statusResponse', parseStatusResponse],
]);

/**
 * @throws MessageError `element.…` (501) for an operation that is not valid, ReplyError 504 for an
 * element that is none (P13); text is parsed first (500)
 */
export function parseOperation(operation: XmlElement | string): Operation {
  const element = typeof operation === 'string' ? parseXml(operation.trim()) : operation;
  const parse = PARSERS.get(element.name);
  // P13
  if (parse === undefined) {
    throw new ReplyError(504, `unknown operation ${element.name.slice(0, 40)}`, 'operation.unknown');
  }
  return parse(element);
}

/** Writes an operation. Those that are not written often are checked. @throws UsageError `value.invalid` */
export function formatOperation(operation: Operation): string {
  switch (operation.kind) {
    case 'subscribe':
      return formatSubscribe(operation);
    case 'watch':
      return formatWatch(operation);
    case 'publish':
      return formatPublish(operation);
    case 'notify':
      return formatNotify(operation);
    case 'terminate':
      return formatTerminate(operation);
    case 'reply':
      return formatReply(operation);
    case 'query':
      return formatQuery(operation);
    case 'get':
      return formatGet(operation);
    case 'set':
      return formatSet(operation);
    case 'allow':
      return formatAllow(operation);
    case 'deny':
      return formatDeny(operation);
    case 'statusResponse':
      return formatStatusResponse(operation);
  }
}

/**
 * The transID of an operation that could not be parsed, so that it can be answered (P13); undefined
 * when there is none to be read, or zero, which no reply can carry.
 */
export function readableTransID(operation: XmlElement): number | undefined {
  const text = operation.attributes.find((attribute) => attribute.name === 'transID')?.value;
  const transID = text === undefined ? undefined : parseNumber(text);
  return transID === 0 || transID === undefined || transID > MAX_TRANSID ? undefined : transID;
}

/** The reply code with which a service answers an error of `parseOperation`; undefined for other errors. */
export function replyCodeOf(error: unknown): number | undefined {
  return error instanceof MessageError || error instanceof ReplyError ? error.replyCode : undefined;
}
