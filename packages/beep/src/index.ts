// Errors
export {
  BeepError,
  FrameError,
  MessageError,
  ReplyError,
  SessionLostError,
  UsageError,
} from './errors.ts';

// Channel management (RFC 3080 §2.3)
export type {
  CloseElement,
  ErrorElement,
  GreetingElement,
  ManagementElement,
  OkElement,
  ProfileElement,
  StartElement,
} from './management/elements.ts';
export {
  formatManagement,
  maxInitializationOctets,
  parseError,
  parseManagement,
} from './management/elements.ts';

// Messages (RFC 3080 §2.2)
export { decodeBase64, encodeBase64 } from './message/base64.ts';
export type { MimeEntity, MimeField } from './message/mime.ts';
export {
  beepXml,
  beepXmlBody,
  hasField,
  mimeLimits,
  parseMime,
  requireIdentityEncoding,
  requireUtf8,
} from './message/mime.ts';

// User authentication (RFC 3080 §4)
export { anonymousClient, anonymousServer } from './profile/sasl/anonymous.ts';
export type { AuthenticateOptions, ChannelStarter } from './profile/sasl/authenticate.ts';
export { authenticate } from './profile/sasl/authenticate.ts';
export type { Blob, BlobStatus } from './profile/sasl/blob.ts';
export { formatBlob, parseBlob } from './profile/sasl/blob.ts';
export type {
  ClientMechanism,
  ServerExchange,
  ServerMechanism,
  ServerStep,
} from './profile/sasl/mechanism.ts';
export { oneMessage, saslProfileUri } from './profile/sasl/mechanism.ts';
export type {
  Authorize,
  PasswordVerifier,
  PlainCredentials,
  PlainServerOptions,
} from './profile/sasl/plain.ts';
export { plainClient, plainServer } from './profile/sasl/plain.ts';
export type { SaslProfileOptions } from './profile/sasl/sasl-profile.ts';
export { saslProfile } from './profile/sasl/sasl-profile.ts';
export { beginTuning } from './profile/tuning.ts';

// What profiles see of sessions and channels (RFC 3080 §2.2.2)
export type { PeerIdentity, SessionFacts } from './session/facts.ts';
export type {
  Channel,
  ChannelEnd,
  ChannelHandler,
  Exchange,
  Profile,
  Reply,
  SessionHandle,
  StartRequest,
} from './session/profile.ts';

// application/beep+xml (RFC 3080 §6.4)
export type { XmlAttribute, XmlElement } from './xml/element.ts';
export { ElementReader, readElement } from './xml/element-reader.ts';
export type { XmlLimits } from './xml/parse.ts';
export { defaultXmlLimits, parseXml } from './xml/parse.ts';
export { attribute, cdata, escapeXml, fitsCdata } from './xml/write.ts';
