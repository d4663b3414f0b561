import { parseDataMessage, serviceData } from '@apex/protocol';
import { describe, expect, it } from 'vitest';
import { octetsOf } from '../../../src/relay/payload.ts';
import { EffectMessages } from '../../../src/services/effect-messages.ts';
import { MemoryStore } from '../../../src/store/memory/memory-store.ts';
import { House, line, SERVICE } from '../../subject/house.ts';

const FRED = 'fred@example.com';
const WILMA = 'wilma@example.com';

async function house(): Promise<House> {
  const home = new House(new MemoryStore());
  await home.owner.start();
  for (const endpoint of [FRED, WILMA]) await home.administration.provision(endpoint);
  return home;
}

describe('the presence service', () => {
  it('[3343 §2.1] [3343 §2.2] [3343 §2.3] [3343 §4 rule 1] [3343 §4 rule 3] takes the operations of the text in turn', async () => {
    const home = await house();
    const lines: string[] = [];
    const step = async (originator: string, content: string): Promise<void> => {
      home.send(originator, content);
      await home.owner.idle();
      lines.push(...home.take());
    };
    await step(WILMA, "<subscribe publisher='fred@example.com' duration='86400' transID='100' />");
    await step(FRED, "<watch publisher='fred@example.com' duration='86400' transID='2' />");
    await step(
      FRED,
      `<publish publisher='fred@example.com' transID='1' timeStamp='2000-05-14T13:30:00-08:00'>
         <presence publisher='fred@example.com' lastUpdate='1970-01-01T01:16:40.0+01:00'
                   publisherInfo='http://www.example.com/fred/'>
           <tuple destination='apex:fred/appl=im@example.com' availableUntil='2000-05-14T14:02:00-08:00' />
           <tuple destination='mailto:fred@flintstone.com' availableUntil='2525-12-31T23:59:59-08:00' />
         </presence>
       </publish>`,
    );
    await step(WILMA, "<terminate transID='100' />");
    expect(lines).toEqual([
      'wilma 100: publish 1000000',
      'fred 2: reply 250',
      'fred 2: notify subscribe wilma 86400',
      'fred 1: reply 250',
      'wilma 100: publish 1000001',
      'wilma 100: reply 250',
      'fred 2: notify terminate wilma',
    ]);
  });

  it('[A4] [3343 §4.4 step 5] compares lastUpdate to the last digit', async () => {
    const home = await house();
    home.publish(FRED, FRED, 1, '1970-01-01T00:16:40.0001Z');
    home.publish(FRED, FRED, 2, '1970-01-01T00:16:40.000000Z');
    await home.owner.idle();
    expect(home.take()).toEqual(['fred 1: reply 555', 'fred 2: reply 250']);
  });

  it('sends what was published, and the time of the service', async () => {
    const home = await house();
    home.subscribe(WILMA, FRED, 1, 0);
    home.publish(FRED, FRED, 1, 1_000_000, 'http://www.example.com/?a=1&amp;b=2');
    home.subscribe(WILMA, FRED, 2, 0);
    await home.owner.idle();
    expect(home.received[0]?.operation).toEqual({
      kind: 'publish',
      publisher: FRED,
      transID: 1,
      timeStamp: '1970-01-01T00:16:40.000Z',
      presence: {
        kind: 'presence',
        publisher: FRED,
        lastUpdate: '1970-01-01T00:16:40.000Z',
        publisherInfo: '',
        tuples: [
          {
            destination: 'apex:fred@example.com',
            availableUntil: '1970-01-01T00:16:40.000Z',
            tupleInfo: '',
            capabilities: [],
          },
        ],
      },
    });
    expect(home.received[2]?.operation).toMatchObject({
      presence: {
        lastUpdate: '1970-01-01T00:16:40.001Z',
        publisherInfo: 'http://www.example.com/?a=1&b=2',
        tuples: [{ destination: 'mailto:x@example.com' }],
      },
    });
  });

  it('[3343 §7] writes times with -00:00 when told so', () => {
    const sent: string[] = [];
    const messages = new EffectMessages(
      {
        send: (_service, _to, payload) => sent.push(new TextDecoder().decode(octetsOf(payload))),
        accessChanged: () => {},
        detach: () => {},
      },
      '-00:00',
    );
    const presence = {
      endpoint: FRED,
      lastUpdate: 0,
      revision: 1,
      publisherInfo: '',
      tuplesXml: '<tuple />',
    };
    const recipients = [{ originator: WILMA, transID: 1, gone: false }];
    messages.perform({ kind: 'publish', recipients, presence, at: 1 }, 0, 1);
    expect(sent[0]).toContain("lastUpdate='1970-01-01T00:00:00.000-00:00'");
    expect(sent[0]).toContain("timeStamp='1970-01-01T00:00:00.001-00:00'");
  });

  it('[P13] answers 501 to a malformed operation and 504 to an unknown one, when the transID can be read', async () => {
    const home = await house();
    home.send(WILMA, "<subscribe publisher='fred@example.com' transID='7' />");
    home.send(WILMA, "<subscribe publisher='fred' transID='8' duration='1' />");
    home.send(WILMA, "<frobnicate transID='9' />");
    home.send(
      WILMA,
      "<query owner='fred@example.com' actor='wilma@example.com' actions='core:data' transID='10' />",
    );
    expect(home.received.map(line)).toEqual([
      'wilma 7: reply 501',
      'wilma 8: reply 501',
      'wilma 9: reply 504',
      'wilma 10: reply 504',
    ]);
    expect(home.service.dropped).toBe(0);
    expect(home.refused.map(({ replyCode, code }) => `${replyCode} ${code}`)).toEqual([
      '501 element.attribute.missing',
      '501 element.attribute.value',
      '504 operation.unknown',
      '504 operation.unknown',
    ]);
  });

  it('[P13] [P3] drops, counts and tells of what has no transID to answer to', async () => {
    const home = await house();
    home.send(WILMA, "<subscribe publisher='fred@example.com' transID='0' duration='1' />");
    home.send(WILMA, '<frobnicate />');
    home.send(WILMA, '<terminate />');
    home.send(WILMA, "<terminate transID='0' />");
    home.send(WILMA, '<a /><b />');
    const text = new TextDecoder()
      .decode(serviceData(WILMA, SERVICE, '<x />'))
      .replace('#Content', 'http://x.example/');
    const message = parseDataMessage(new TextEncoder().encode(text));
    home.service.receive({ originator: WILMA, recipient: SERVICE, message });
    expect(home.received).toEqual([]);
    expect(home.service.dropped).toBe(6);
    expect(home.refused.map(({ code }) => code)).toEqual([
      'element.attribute.value',
      'operation.unknown',
      'transaction.zero',
      'transaction.zero',
      'content.element',
      'content.reference',
    ]);
  });

  it('[C17] never answers an answer, nor sends an error to a service', async () => {
    const home = await house();
    for (const content of [
      "<reply code='250' transID='1' />",
      "<reply code='nonsense' transID='1' />",
      "<allow transID='1' />",
      "<deny transID='1' />",
      "<notify subscriber='fred@example.com' transID='1' />",
      "<statusResponse transID='1'><destination identity='fred@example.com'><reply code='250' transID='1' /></destination></statusResponse>",
    ]) {
      home.send(WILMA, content);
    }
    const service = 'apex=access@example.com';
    home.send(service, "<frobnicate transID='9' />");
    home.subscribe(service, 'nobody@example.com', 1);
    home.terminate(service, 1);
    await home.owner.idle();
    expect(home.received).toEqual([]);
  });

  it('[3343 §4.4 step 1] [P6] answers for publishers that differ, foreign subjects and subaddresses', async () => {
    const home = await house();
    home.send(
      FRED,
      `<publish publisher='fred@example.com' transID='1' timeStamp='2000-05-14T13:30:00Z'>
         <presence publisher='wilma@example.com' lastUpdate='2000-05-14T13:30:00Z'>
           <tuple destination='mailto:x@example.com' availableUntil='2000-05-14T13:30:00Z' />
         </presence>
       </publish>`,
    );
    home.subscribe(WILMA, 'fred@elsewhere.example', 2);
    home.watch(WILMA, 'fred/appl=im@example.com', 3);
    await home.owner.idle();
    expect(home.take()).toEqual(['fred 1: reply 503', 'wilma 2: reply 553', 'wilma 3: reply 550']);
  });
});
