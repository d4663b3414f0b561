import { ReplyError } from '@apex/beep';
import { sessionPair } from '@apex/beep/testing';
import { describe, expect, it } from 'vitest';
import {
  APEX_PROFILE_URI,
  ApexChannel,
  apexProfile,
  formatInitialization,
  parseInitializationReply,
  type Refusal,
  serviceData,
} from '../../src/index.ts';

/** A relay that accepts fred, echoes nothing, and remembers what it got. */
function connected(endpoint: string) {
  const received: string[] = [];
  const relays: ApexChannel[] = [];
  const ends: string[] = [];
  const relay = apexProfile({
    started: (apex) => {
      relays.push(apex);
      return {
        attach: (attach, answer) =>
          attach.endpoint === 'fred@example.com' ? answer.ok() : answer.error(537, 'access denied'),
        data: ({ data }, answer) => {
          received.push(data.dataContent?.xml ?? '');
          answer.ok();
        },
        closed: (end) => ends.push(end.kind),
      };
    },
  });
  const pair = sessionPair({}, { profiles: [relay] });
  const delivered: string[] = [];
  const application = new ApexChannel(() => ({
    data: ({ data }, answer) => {
      delivered.push(data.dataContent?.xml ?? '');
      answer.ok();
    },
    closed: () => {},
  }));
  let reply: string | undefined;
  pair.pump();
  const initialization = formatInitialization({ kind: 'attach', endpoint, transID: 1, options: [] });
  pair.initiator.startChannel(
    { profiles: [{ uri: APEX_PROFILE_URI, initialization }], handler: application },
    (result) => {
      if (result instanceof Error) throw result;
      application.open(result.channel);
      reply = result.initializationReply;
    },
  );
  pair.pump();
  return {
    pair,
    application,
    relay: relays[0] as ApexChannel,
    received,
    delivered,
    ends,
    refusal: parseInitializationReply(reply),
  };
}

describe('the APEX profile in a session', () => {
  it('[3340 §4.2] attaches with the start of the channel and carries data both ways', () => {
    const { pair, application, relay, received, delivered, refusal } = connected('fred@example.com');
    expect(refusal).toBeUndefined();
    const outcomes: (Refusal | undefined)[] = [];
    for (const xml of ['<a />', '<b />']) {
      application.data(serviceData('fred@example.com', 'wilma@example.com', xml), (outcome) =>
        outcomes.push(outcome),
      );
      relay.data(serviceData('wilma@example.com', 'fred@example.com', xml), (outcome) =>
        outcomes.push(outcome),
      );
    }
    pair.pump();
    expect(received).toStrictEqual(['<a />', '<b />']);
    expect(delivered).toStrictEqual(['<a />', '<b />']);
    expect(outcomes).toStrictEqual([undefined, undefined, undefined, undefined]);
  });

  it('[B18] leaves the channel open when its initialization fails', () => {
    const { pair, application, refusal } = connected('barney@example.com');
    expect(refusal).toMatchObject({ replyCode: 537, text: 'access denied' });
    const outcomes: (Refusal | undefined)[] = [];
    const attach = (endpoint: string) =>
      application.attach({ kind: 'attach', endpoint, transID: 2, options: [] }, (outcome) =>
        outcomes.push(outcome),
      );
    attach('fred@example.com');
    attach('barney@example.com');
    pair.pump();
    expect(outcomes[0]).toBeUndefined();
    expect(outcomes[1]).toBeInstanceOf(ReplyError);
  });

  it('[B10] tells the handler when the channel is closed', () => {
    const { pair, application, ends } = connected('fred@example.com');
    application.channel.close();
    pair.pump();
    expect(ends).toStrictEqual(['closed']);
  });
});
