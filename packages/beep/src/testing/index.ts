export { feedByteByByte } from './feed.ts';
export { type Carriage, type PairOptions, type SessionPair, sessionPair } from './session-pair.ts';
export { concatenate, messages, type Transcript, type TranscriptMessage, transcript } from './transcript.ts';
