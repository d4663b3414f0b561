import { MessageError, SessionLostError, UsageError } from '../../errors.ts';
import { formatManagement, maxInitializationOctets } from '../../management/elements.ts';
import { beepXml, beepXmlBody } from '../../message/mime.ts';
import type {
  Channel,
  ChannelEnd,
  ChannelHandler,
  ChannelStart,
  Exchange,
  SessionHandle,
  StartedChannel,
} from '../../session/profile.ts';
import { type Blob, formatBlob, parseOutcome } from './blob.ts';
import { type ClientMechanism, saslProfileUri } from './mechanism.ts';

/** How {@link authenticate} starts the channel. */
export interface AuthenticateOptions {
  /** For the start, when it may be the first one of the session (RFC 3080 §2.3.1.2). */
  readonly serverName?: string;
}

/** What is needed of a session to authenticate on it; `Peer` has it. */
export interface ChannelStarter extends SessionHandle {
  startChannel(start: ChannelStart): Promise<StartedChannel>;
}

/**
 * Authenticates to the peer (RFC 3080 §4.1). Resolves when the peer reports success and, where the
 * mechanism has that, has proved itself; the channel is then closed.
 *
 * Rejects with ReplyError when the peer refuses (535 for wrong credentials, see RFC 3080 §8),
 * MessageError when it does not follow the protocol, SessionLostError, UsageError
 * `sasl.unsecured` when the mechanism reveals secrets and the session is not secured, and with what the
 * mechanism throws. An error after the peer's success aborts the session: it is not what it claims to be.
 */
export async function authenticate(
  peer: ChannelStarter,
  mechanism: ClientMechanism,
  options: AuthenticateOptions = {},
): Promise<void> {
  if (mechanism.requireSecured && !peer.facts.secured) {
    throw new UsageError('sasl.unsecured', `${mechanism.name} requires a secured session`);
  }
  const initial = await mechanism.initial();
  const initialization = initial === undefined ? undefined : formatBlob('continue', initial);
  const uri = saslProfileUri(mechanism.name);
  const dialogue = new Dialogue();
  const { channel, initializationReply } = await peer.startChannel({
    profiles: [fitsProfile(initialization) ? { uri, initialization } : { uri }],
    ...options,
    handler: dialogue,
  });
  try {
    let outcome = initializationReply === undefined ? nothing : parseOutcome(initializationReply);
    if (initial !== undefined && isEmptyChallenge(outcome)) {
      // 4422 §3.3: the peer did not look at the initial response, or had no room for it.
      outcome = await dialogue.send(channel, initial);
    }
    while (outcome.status === 'continue') {
      outcome = await dialogue.send(channel, await mechanism.respond(outcome.data));
    }
    if (outcome.status === 'abort')
      throw new MessageError('sasl.blob', 501, 'only a client aborts an exchange');
    await finish(peer, mechanism, outcome.data);
  } finally {
    // Also what ends an unfinished exchange: peers are known that do not survive an abort blob.
    dialogue.close(channel);
  }
}

async function finish(peer: ChannelStarter, mechanism: ClientMechanism, data: Uint8Array): Promise<void> {
  try {
    await mechanism.finish(data);
  } catch (error) {
    peer.abort(error instanceof Error ? error : new Error(String(error)));
    throw error;
  }
}

const nothing: Blob = { kind: 'blob', status: 'continue', data: new Uint8Array(0) };

function isEmptyChallenge({ status, data }: Blob): boolean {
  return status === 'continue' && data.length === 0;
}

/** B9: what goes into a profile element is limited; the blob has ASCII only. */
function fitsProfile(initialization: string | undefined): initialization is string {
  return (
    initialization !== undefined && initialization.length + '<![CDATA[]]>'.length <= maxInitializationOctets
  );
}

/** The client's end of the channel. */
class Dialogue implements ChannelHandler {
  #end: ChannelEnd | undefined;

  /** Sends a response and waits for the answer. */
  send(channel: Channel, response: Uint8Array): Promise<Blob> {
    return new Promise((resolve, reject) => {
      if (this.#end !== undefined) throw endError(this.#end);
      channel.send(beepXml(formatBlob('continue', response)), (reply) => {
        try {
          switch (reply.kind) {
            case 'RPY':
            case 'ERR':
              resolve(readReply(reply.kind, reply.payload));
              return;
            case 'lost':
              throw reply.error;
            case 'ANS':
            case 'NUL':
              throw new MessageError('sasl.reply', 501, 'several answers to one response');
          }
        } catch (error) {
          reject(error);
        }
      });
    });
  }

  close(channel: Channel): void {
    if (this.#end === undefined) channel.close();
  }

  /** A server has nothing to ask on this channel. */
  message(exchange: Exchange): void {
    exchange.error(beepXml(formatManagement({ kind: 'error', code: 550, text: 'not expected' })));
  }

  closed(reason: ChannelEnd): void {
    this.#end = reason;
  }
}

/** A failure is an error element, in ERR or, from some peers, in RPY. */
function readReply(kind: 'RPY' | 'ERR', payload: Uint8Array): Blob {
  const blob = parseOutcome(beepXmlBody(payload));
  if (kind === 'ERR') throw new MessageError('sasl.reply', 501, 'ERR without an error element');
  return blob;
}

function endError(end: ChannelEnd): Error {
  return end.kind === 'lost' ? end.error : new SessionLostError('the channel was closed');
}
