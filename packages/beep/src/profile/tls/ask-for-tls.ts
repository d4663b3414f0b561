import { SessionLostError } from '../../errors.ts';
import { formatManagement } from '../../management/elements.ts';
import { beepXml, beepXmlBody } from '../../message/mime.ts';
import type {
  Channel,
  ChannelHandler,
  ChannelStart,
  StartedChannel,
  TunableSession,
} from '../../session/profile.ts';
import { parseProceed, readyXml, tlsProfileUri } from './elements.ts';

/** What is needed of a session to ask its peer for transport security. */
export interface TunableStarter extends TunableSession {
  startChannel(start: ChannelStart, onResult: (result: StartedChannel | Error) => void): void;
}

/**
 * The initiator's side of transport security (RFC 3080 §3.1): `ready` goes with the start. `asked` gets undefined
 * when the peer proceeds: the session then hands its connection over, before another frame is read. It gets
 * ReplyError when the peer declines, MessageError when it does not follow the protocol; the session goes on.
 */
export function askForTls(
  session: TunableStarter,
  serverName: string | undefined,
  asked: (refusal: Error | undefined) => void,
): void {
  const start: ChannelStart = {
    profiles: [{ uri: tlsProfileUri, initialization: readyXml }],
    ...(serverName === undefined ? {} : { serverName }),
    handler,
  };
  const proceed = (channel: Channel, answer: () => Uint8Array | string): void => {
    try {
      parseProceed(answer());
    } catch (error) {
      channel.close();
      return asked(error as Error);
    }
    session.tune();
    asked(undefined);
  };
  session.startChannel(start, (result) => {
    if (result instanceof Error) return asked(result);
    const { channel, initializationReply } = result;
    if (initializationReply !== undefined) return proceed(channel, () => initializationReply);
    // The peer did not look at it there: it is asked again on the channel (3080 §3.1.1).
    channel.send(beepXml(readyXml), (reply) => {
      switch (reply.kind) {
        case 'RPY':
        case 'ERR':
          return proceed(channel, () => beepXmlBody(reply.payload));
        case 'lost':
          return asked(reply.error);
        case 'ANS':
        case 'NUL':
          session.abort(new SessionLostError('several answers to a ready'));
      }
    });
  });
}

/** A listener has nothing to ask on this channel. */
const handler: ChannelHandler = {
  message: (exchange) =>
    exchange.error(beepXml(formatManagement({ kind: 'error', code: 550, text: 'not expected' }))),
  closed: () => {},
};
