export {
  type Access,
  type Allow,
  accessSchema,
  allowSchema,
  type Deny,
  denySchema,
  formatAccess,
  formatAllow,
  formatDeny,
  formatGet,
  formatQuery,
  formatSet,
  type Get,
  getSchema,
  parseAccess,
  parseAllow,
  parseDeny,
  parseGet,
  parseQuery,
  parseSet,
  type Query,
  querySchema,
  type SetAccess,
  setSchema,
} from './access/access.ts';
export {
  type ActorPattern,
  type Address,
  actionAllowed,
  actorOf,
  compareExactness,
  type DomainPattern,
  formatActor,
  isActor,
  type LocalPattern,
  literalActor,
  matchesActor,
  parseActor,
} from './access/actor.ts';
export { type Attach, attachSchema, formatAttach, parseAttach } from './core/attach.ts';
export { type Bind, bindSchema, formatBind, parseBind } from './core/bind.ts';
export {
  type ApexPayload,
  type Content,
  contentElement,
  type DataMessage,
  dataMessageOf,
  encodeDataMessage,
  encodeRelated,
  type NewPart,
  parseDataMessage,
  parsePayload,
  type Related,
  resolveContent,
} from './core/content.ts';
export {
  type Data,
  type DataContent,
  dataContentSchema,
  dataSchema,
  formatData,
  type Party,
  parseData,
  partySchema,
} from './core/data.ts';
export { type ErrorReply, errorSchema, formatError, parseError } from './core/error.ts';
export { MAX_PARTS, type Part } from './core/multipart.ts';
export { formatOk, isUsualOk, OK_PAYLOAD, type Ok, okSchema, parseOk } from './core/ok.ts';
export {
  findOption,
  formatOption,
  formatOptions,
  newOption,
  type Option,
  optionSchema,
  parseOption,
} from './core/option.ts';
export { attachOverrideOption, hasAttachOverride } from './core/options/attach-override.ts';
export {
  type DataHopping,
  dataHoppingOf,
  dataHoppingOption,
  dataHoppingSchema,
  formatDataHopping,
  parseDataHopping,
} from './core/options/data-hopping.ts';
export {
  type DataTiming,
  dataTimingOf,
  dataTimingOption,
  dataTimingSchema,
  formatDataTiming,
  parseDataTiming,
} from './core/options/data-timing.ts';
export { hasHold4Endpoint, hold4EndpointOption } from './core/options/hold4-endpoint.ts';
export { type StatusRequest, statusRequestOf, statusRequestOption } from './core/options/status-request.ts';
export { formatReply, parseReply, type Reply, replySchema } from './core/reply.ts';
export { type Scope, scopeSchema } from './core/scope.ts';
export { serviceData } from './core/service-data.ts';
export { formatTerminate, parseTerminate, type Terminate, terminateSchema } from './core/terminate.ts';
export { isAction } from './datatype.ts';
export { isDomain, isFqdn } from './domain.ts';
export {
  canonicalIdentity,
  domainOf,
  type Endpoint,
  formatApexUrl,
  formatEndpoint,
  identityOf,
  isIdentity,
  isService,
  isSubaddress,
  parent,
  parseApexUrl,
  parseEndpoint,
} from './endpoint.ts';
export { ELEMENT_SCHEMAS, type JsonSchema, jsonSchemas } from './json-schema.ts';
export {
  formatOperation,
  type Operation,
  operationSchema,
  parseOperation,
  readableTransID,
  replyCodeOf,
} from './operation.ts';
export { formatNotify, type Notify, notifySchema, parseNotify } from './presence/notify.ts';
export {
  type Capability,
  capabilitySchema,
  formatPresence,
  formatTuples,
  type Presence,
  parsePresence,
  parseTuples,
  presenceSchema,
  type Tuple,
  tupleSchema,
} from './presence/presence.ts';
export { formatPublish, type Publish, parsePublish, publishSchema } from './presence/publish.ts';
export { formatSubscribe, parseSubscribe, type Subscribe, subscribeSchema } from './presence/subscribe.ts';
export {
  type PublishContent,
  type PublishParts,
  type PublishTemplate,
  publishTemplate,
  publishTemplateOf,
  recipientOctets,
} from './presence/template.ts';
export { formatWatch, parseWatch, type Watch, watchSchema } from './presence/watch.ts';
export {
  type Answer,
  ApexChannel,
  type ApexHandler,
  type OnResult,
  type Refusal,
} from './profile/apex-channel.ts';
export {
  APEX_PROFILE_URI,
  type ApexProfileOptions,
  apexProfile,
  formatInitialization,
  parseInitializationReply,
} from './profile/apex-profile.ts';
export { isReplyCode, REPLY_CODES, type ReplyCodeEntry, replyCodeMeaning } from './reply-code.ts';
export {
  type Destination,
  destinationSchema,
  formatStatusResponse,
  parseStatusResponse,
  type StatusResponse,
  statusResponseSchema,
} from './report/status-response.ts';
export {
  compareInstants,
  formatTimestamp,
  type Instant,
  instantFromMs,
  isTimestamp,
  msFromInstant,
  parseTimestamp,
  sameInstant,
  type TimestampSuffix,
} from './timestamp.ts';
export {
  MAX_TRANSID,
  newTransID,
  parseTransID,
  parseTransIDOrZero,
  type RandomUint32,
  secureRandom,
} from './transaction.ts';
export { type ContentReference, formatCid, isUri, parseContentReference } from './uri.ts';
