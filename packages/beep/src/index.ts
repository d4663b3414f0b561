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
