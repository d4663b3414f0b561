export {
  formatAccess,
  formatAllow,
  formatDeny,
  formatGet,
  formatQuery,
  formatSet,
  parseAccess,
  parseAllow,
  parseDeny,
  parseGet,
  parseQuery,
  parseSet,
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
export {
  type Access,
  type Allow,
  accessSchema,
  allowSchema,
  type Deny,
  denySchema,
  type Get,
  getSchema,
  type Query,
  querySchema,
  type SetAccess,
  setSchema,
} from './access/schemas.ts';
export { formatAttach, parseAttach } from './core/attach.ts';
export { formatBind, parseBind } from './core/bind.ts';
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
export { formatData, parseData } from './core/data.ts';
export { formatError, parseError } from './core/error.ts';
export { MAX_PARTS, type Part } from './core/multipart.ts';
export { formatOk, isUsualOk, OK_PAYLOAD, parseOk } from './core/ok.ts';
export { findOption, formatOption, formatOptions, newOption, parseOption } from './core/option.ts';
export { attachOverrideOption, hasAttachOverride } from './core/options/attach-override.ts';
export {
  dataHoppingOf,
  dataHoppingOption,
  formatDataHopping,
  parseDataHopping,
} from './core/options/data-hopping.ts';
export {
  dataTimingOf,
  dataTimingOption,
  formatDataTiming,
  parseDataTiming,
} from './core/options/data-timing.ts';
export { hasHold4Endpoint, hold4EndpointOption } from './core/options/hold4-endpoint.ts';
export { type StatusRequest, statusRequestOf, statusRequestOption } from './core/options/status-request.ts';
export { formatReply, parseReply } from './core/reply.ts';
export {
  type Attach,
  attachSchema,
  type Bind,
  bindSchema,
  type Data,
  type DataContent,
  type DataHopping,
  type DataTiming,
  dataContentSchema,
  dataHoppingSchema,
  dataSchema,
  dataTimingSchema,
  type ErrorReply,
  errorSchema,
  type Ok,
  type Option,
  okSchema,
  optionSchema,
  type Party,
  partySchema,
  type Reply,
  replySchema,
  type Scope,
  scopeSchema,
  type Terminate,
  terminateSchema,
} from './core/schemas.ts';
export { serviceData } from './core/service-data.ts';
export { formatTerminate, parseTerminate } from './core/terminate.ts';
export { isXmlContent } from './core/xml-content.ts';
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
export { ELEMENT_SCHEMAS, jsonSchemas } from './json-schema.ts';
export { formatOperation, parseOperation, readableTransID, replyCodeOf } from './operation.ts';
export { type Operation, operationSchema } from './operation-schema.ts';
export { formatNotify, parseNotify } from './presence/notify.ts';
export { formatPresence, formatTuples, parsePresence, parseTuples } from './presence/presence.ts';
export { formatPublish, parsePublish } from './presence/publish.ts';
export {
  type Capability,
  capabilitySchema,
  type Notify,
  notifySchema,
  type Presence,
  type Publish,
  presenceSchema,
  publishSchema,
  type Subscribe,
  subscribeSchema,
  type Tuple,
  tupleSchema,
  type Watch,
  watchSchema,
} from './presence/schemas.ts';
export { formatSubscribe, parseSubscribe } from './presence/subscribe.ts';
export {
  type PublishContent,
  type PublishParts,
  type PublishTemplate,
  publishTemplate,
  publishTemplateOf,
} from './presence/template.ts';
export { formatWatch, parseWatch } from './presence/watch.ts';
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
export { requireReadable } from './readable.ts';
export { isReplyCode, REPLY_CODES, type ReplyCodeEntry, replyCodeMeaning } from './reply-code.ts';
export {
  type Destination,
  destinationSchema,
  type StatusResponse,
  statusResponseSchema,
} from './report/schemas.ts';
export { formatStatusResponse, parseStatusResponse } from './report/status-response.ts';
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
