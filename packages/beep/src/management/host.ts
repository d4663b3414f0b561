import type { BeepChannel, ChannelHost } from '../channel/channel.ts';
import type { ServerExchange } from '../channel/exchange.ts';
import { FrameError, type ReplyError, SessionLostError } from '../errors.ts';
import { beepXml } from '../message/mime.ts';
import type { Greeting } from '../session/facts.ts';
import type { Profile } from '../session/profile.ts';
import { type ErrorElement, formatManagement, type ManagementElement } from './elements.ts';

/** What channel zero asks of the session that it manages. */
export interface ManagementHost extends ChannelHost {
  /** All channels but zero, by number. */
  readonly channels: ReadonlyMap<number, BeepChannel>;
  /** Milliseconds of a monotonic clock. */
  now(): number;
  /** Why no channel can be started now: the session is being released, or over. */
  readonly startObstacle: Error | undefined;
  greeted(greeting: Greeting): void;
  /** The peer is unavailable: it sent an error instead of its greeting. */
  notGreeted(refusal: ReplyError): void;
  /** The profile with that URI, if it is available now. */
  findProfile(uri: string): Profile | undefined;
  /** B15 */
  acceptsServerName(serverName: string): boolean;
  setServerName(serverName: string | undefined): void;
  addChannel(channel: BeepChannel): void;
  /** The channel's state is `closed`: it is gone. */
  channelClosed(channel: BeepChannel): void;
  /** The peer asks to release the session. False when that cannot be now. */
  releaseAsked(): boolean;
  releaseAnswered(agreed: boolean): void;
  /** The peer has answered our release. */
  releaseResult(refusal: ReplyError | undefined): void;
  /** The session ends at once. */
  fail(error: Error): void;
}

/** The exchanges of channel zero, as the parts of its profile use them. */
export interface ManagementExchanges {
  readonly channel: BeepChannel;
  /** Answers the MSG in work, and goes on to the next. Throws UsageError as `formatManagement` does. */
  answer(exchange: ServerExchange, element: ManagementElement): void;
  /** The MSG in work has its answer: goes on to the next. */
  answered(): void;
  /** An error element in a language that the peer expects, or with its language. */
  error(replyCode: number, text: string): ErrorElement;
  /** Sends a MSG; `onReply` gets the positive reply, or the refusal (ReplyError), or the loss. */
  ask<Kind extends 'profile' | 'ok'>(
    element: ManagementElement,
    expected: Kind,
    onReply: (reply: Extract<ManagementElement, { kind: Kind }> | Error) => void,
  ): void;
}

/** 3080 §2.2.2.1 rule 1: a poorly-formed reply on channel zero ends the session without a response. */
export function malformed(message: string): FrameError {
  return new FrameError('management.reply', message);
}

/** What those are told who wait for the answer that was malformed: the session ends by it. */
export function lostBy(error: FrameError): SessionLostError {
  return new SessionLostError(`the session ended: ${error.message}`, { cause: error });
}

/** The message with that element. Throws UsageError as `formatManagement` does. */
export function encodeManagement(element: ManagementElement): Uint8Array {
  return beepXml(formatManagement(element));
}
