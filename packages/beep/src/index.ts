// Errors

export type { PeerCertificate } from './certificate.ts';
// Running a session: over a transport, or by hand
export type { DriveOptions } from './driver.ts';
export { drive } from './driver.ts';
export {
  BeepError,
  FrameError,
  MessageError,
  ReplyError,
  SessionLostError,
  UsageError,
} from './errors.ts';
// Frames (RFC 3080 §2.2.1, RFC 3081 §3.1.3)
export type { DecodeResult, FrameSink } from './frame/decoder.ts';
export { FrameDecoder } from './frame/decoder.ts';
export { encodeFrame } from './frame/encoder.ts';
export type { DataFrame, DataHeader, DataKind, Frame, SeqFrame } from './frame/frame.ts';
export { formatHeader } from './frame/header.ts';
export type { Limits } from './limits.ts';
export { defaultLimits } from './limits.ts';
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
export type { Payload, PayloadWriter } from './octets.ts';
export { encodeUtf8 } from './octets.ts';
export type { Peer } from './peer.ts';
// User authentication (RFC 3080 §4)
export { anonymousClient, anonymousServer } from './profile/sasl/anonymous.ts';
export type { AuthenticateOptions, ChannelStarter } from './profile/sasl/authenticate.ts';
export { authenticate } from './profile/sasl/authenticate.ts';
export type { Authorize } from './profile/sasl/authorization.ts';
export type { Blob, BlobStatus } from './profile/sasl/blob.ts';
export { formatBlob, parseBlob } from './profile/sasl/blob.ts';
export type { HashName, SaslCrypto } from './profile/sasl/crypto.ts';
export { equalOctets, webCrypto } from './profile/sasl/crypto.ts';
export type { DigestMd5ClientOptions, DigestMd5ServerOptions } from './profile/sasl/digest-md5.ts';
export { digestMd5Client, digestMd5Server } from './profile/sasl/digest-md5.ts';
export { digestSecret } from './profile/sasl/digest-messages.ts';
export type { ExternalServerOptions } from './profile/sasl/external.ts';
export { externalClient, externalServer } from './profile/sasl/external.ts';
export type {
  ClientMechanism,
  ServerExchange,
  ServerMechanism,
  ServerStep,
} from './profile/sasl/mechanism.ts';
export { oneMessage, saslProfileUri } from './profile/sasl/mechanism.ts';
export type { GreetedPeer } from './profile/sasl/negotiate.ts';
export { negotiate } from './profile/sasl/negotiate.ts';
export type {
  OauthBearerClientOptions,
  OauthBearerServerOptions,
  TokenVerdict,
} from './profile/sasl/oauth-bearer.ts';
export { oauthBearerClient, oauthBearerServer } from './profile/sasl/oauth-bearer.ts';
export type {
  PasswordVerifier,
  PlainCredentials,
  PlainServerOptions,
} from './profile/sasl/plain.ts';
export { plainClient, plainServer } from './profile/sasl/plain.ts';
export type { SaslProfileOptions } from './profile/sasl/sasl-profile.ts';
export { saslProfile } from './profile/sasl/sasl-profile.ts';
export { saslprep } from './profile/sasl/saslprep.ts';
export type { ScramClientOptions, ScramKeys, ScramServerOptions } from './profile/sasl/scram.ts';
export { deriveScramKeys, minScramIterations, scramClient, scramServer } from './profile/sasl/scram.ts';
// Transport security (RFC 3080 §3)
export { tlsProfileUri } from './profile/tls/elements.ts';
export { tlsProfile } from './profile/tls/tls-profile.ts';
export { beginTuning } from './profile/tuning.ts';
// What profiles see of sessions and channels (RFC 3080 §2.2.2)
export type { Diagnostic, SessionEvent } from './session/events.ts';
export type { Greeting, PeerIdentity, SessionEnd, SessionFacts } from './session/facts.ts';
export type {
  Channel,
  ChannelEnd,
  ChannelHandler,
  ChannelStart,
  Exchange,
  Profile,
  ProposedProfile,
  Reply,
  SessionHandle,
  StartedChannel,
  StartRequest,
} from './session/profile.ts';
export type { SessionOptions } from './session/session.ts';
export { Session } from './session/session.ts';
// Transports; TCP and WebSocket are the subpaths `@apex/beep/tcp` and `@apex/beep/websocket`
export { MemoryTransport, memoryPair } from './transport/memory.ts';
export { type Tap, tapped } from './transport/tapped.ts';
export type { Circumstances, Negotiate, Transport, TransportHandler } from './transport/transport.ts';

// application/beep+xml (RFC 3080 §6.4)
export { isXmlName } from './xml/characters.ts';
export type { XmlAttribute, XmlElement } from './xml/element.ts';
export { ElementReader, readElement } from './xml/element-reader.ts';
export type { XmlLimits } from './xml/parse.ts';
export { defaultXmlLimits, parseXml } from './xml/parse.ts';
export { attribute, cdata, escapeXml, fitsCdata } from './xml/write.ts';
