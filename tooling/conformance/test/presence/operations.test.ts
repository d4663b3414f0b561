import { describe, expect, it } from 'vitest';
import {
  dataElement,
  newTransID,
  presenceOf,
  publishElement,
  subscribeElement,
  watchElement,
} from '../../src/application.ts';
import { perform, scenes, subaddress } from '../../src/scenes.ts';
import { isOwnServer } from '../../src/target.ts';
import {
  expectNothing,
  moodOf,
  notification,
  onOwnServer,
  publish,
  subscribed,
  watching,
} from './playing.ts';

const scene = scenes('operations');

describe('a terminate', () => {
  it(
    '[3343 §4.5] [3343 §4.5 step 2] is answered 250 and ends the operation: nothing more comes for it',
    scene(async ({ join, fred, wilma }) => {
      const [publisher, application] = [await join(fred), await join(wilma)];
      const transID = await subscribed(application, wilma, fred);
      await application.endOperation(wilma, transID);
      expect(await application.replyCode(wilma, transID)).toBe(250);
      await publish(publisher, fred, 'happy');
      await expectNothing(application, wilma);
      const watch = await watching(publisher, fred, fred);
      await publisher.endOperation(fred, watch);
      expect(await publisher.replyCode(fred, watch)).toBe(250);
      await application.poll(wilma, fred);
      await expectNothing(publisher, fred);
    }),
  );

  it(
    '[3343 §4.5 step 1] [P3] is answered 550 for a transID that refers to none, or to one of somebody else',
    scene(async ({ join, fred, wilma }) => {
      const [publisher, application] = [await join(fred), await join(wilma)];
      const transID = await subscribed(application, wilma, fred);
      await publisher.endOperation(fred, transID);
      expect(await publisher.replyCode(fred, transID)).toBe(550);
      const unknown = newTransID();
      await application.endOperation(wilma, unknown);
      expect(await application.replyCode(wilma, unknown)).toBe(550);
      await publish(publisher, fred, 'happy');
      expect(moodOf(await application.published(wilma))).toBe('happy');
    }),
  );

  it(
    '[3343 §4.5 step 2] frees the transID for another operation',
    scene(async ({ join, fred, wilma }) => {
      const application = await join(wilma);
      const transID = await subscribed(application, wilma, fred);
      await application.endOperation(wilma, transID);
      expect(await application.replyCode(wilma, transID)).toBe(250);
      await application.watch(wilma, wilma, 60, transID);
      expect(await application.replyCode(wilma, transID)).toBe(250);
    }),
  );
});

describe('operations outlive their session', () => {
  it(
    '[P8] [P9] [3340 §6.1.1 rule 2] what comes meanwhile is dropped; the same operation again has the current entry first',
    scene(async ({ join, fred, wilma }) => {
      const publisher = await join(fred);
      const watch = await watching(publisher, fred, fred);
      const first = await join(wilma);
      const transID = await subscribed(first, wilma, fred);
      expect(await notification(publisher, fred, watch)).toBe(`subscribe ${wilma} 600`);
      await first.closeChannel(first.channel);
      await publisher.endOperation(fred, watch);
      expect(await publisher.replyCode(fred, watch)).toBe(250);
      await publish(publisher, fred, 'missed');
      const again = await watching(publisher, fred, fred, 1);
      const second = await join(wilma);
      await expectNothing(second, wilma);
      await second.subscribe(wilma, fred, 500, transID);
      expect(moodOf(await second.published(wilma))).toBe('missed');
      expect(await notification(publisher, fred, again)).toBe(`subscribe ${wilma} 500`);
      await publisher.endOperation(fred, again);
      expect(await publisher.replyCode(fred, again)).toBe(250);
      await publish(publisher, fred, 'seen');
      expect(moodOf(await second.published(wilma))).toBe('seen');
    }),
  );

  it(
    '[P8] and deliver to the next session that attaches as their originator',
    scene(async ({ join, fred, wilma }) => {
      const publisher = await join(fred);
      const first = await join(wilma);
      await subscribed(first, wilma, fred);
      await first.closeChannel(first.channel);
      const second = await join(wilma);
      await publish(publisher, fred, 'happy');
      expect(moodOf(await second.published(wilma))).toBe('happy');
    }),
  );

  it(
    '[P9] [P8] end unheard when their originator is not there, but watchers are told',
    scene(async ({ join, fred, wilma }) => {
      const publisher = await join(fred);
      const watch = await watching(publisher, fred, fred);
      const first = await join(wilma);
      const transID = await subscribed(first, wilma, fred, 1);
      await first.closeChannel(first.channel);
      expect(await notification(publisher, fred, watch)).toBe(`subscribe ${wilma} 1`);
      expect(await notification(publisher, fred, watch)).toBe(`terminate ${wilma} 0`);
      const second = await join(wilma);
      await expectNothing(second, wilma);
      await second.endOperation(wilma, transID);
      expect(await second.replyCode(wilma, transID)).toBe(550);
    }),
  );

  it.runIf(isOwnServer)(
    '[3343 §4] [P8] [P10] also a crash of the server, with everything that was answered',
    onOwnServer({}, async (before, server) => {
      const { fred, wilma } = before;
      const publisher = await before.join(fred);
      const application = await before.join(wilma);
      const transID = await subscribed(application, wilma, fred);
      const watch = await watching(publisher, fred, fred, 1);
      // One after the other, as fast as they are acknowledged, until the server is gone.
      const desk = subaddress(fred, 'desk');
      await publisher.attach(desk);
      let acknowledged = 0;
      let crashing: Promise<void> | undefined;
      try {
        for (;;) {
          await publish(publisher, desk, String(acknowledged + 1), fred);
          acknowledged += 1;
          if (acknowledged === 20) crashing = server.crash();
        }
      } catch (error) {
        if (crashing === undefined || publisher.wire.isOpen) throw error;
        await crashing;
      }
      await perform(
        async ({ join }) => {
          const owner = await join(fred);
          const kept = Number(moodOf(await owner.poll(fred)));
          expect(kept).toBeGreaterThanOrEqual(acknowledged);
          expect(kept).toBeLessThanOrEqual(acknowledged + 1);
          const subscriber = await join(wilma);
          // Both are in progress still: the poll of fred, who watches, and what he publishes next.
          expect(await notification(owner, fred, watch)).toBe(`subscribe ${fred} 0`);
          await owner.endOperation(fred, watch);
          expect(await owner.replyCode(fred, watch)).toBe(250);
          await publish(owner, fred, 'after');
          expect(moodOf(await subscriber.published(wilma))).toBe('after');
          await subscriber.endOperation(wilma, transID);
          expect(await subscriber.replyCode(wilma, transID)).toBe(250);
        },
        before,
        server,
      );
    }),
  );

  it.runIf(isOwnServer)(
    '[P8] one whose time passes while the server is down has ended, without a word',
    onOwnServer({}, async (before, server) => {
      const { fred, wilma } = before;
      const application = await before.join(wilma);
      const transID = await subscribed(application, wilma, fred, 1);
      const began = Date.now();
      await server.crash(() => until(began + 1500));
      await perform(
        async ({ join }) => {
          const subscriber = await join(wilma);
          await expectNothing(subscriber, wilma);
          await subscriber.endOperation(wilma, transID);
          expect(await subscriber.replyCode(wilma, transID)).toBe(550);
        },
        before,
        server,
      );
    }),
  );
});

describe('an operation that is wrong', () => {
  it(
    '[P13] [3343 §6] is answered 501 when it is malformed and 504 when it is unknown here, under its transID',
    scene(async ({ join, fred, wilma }) => {
      const application = await join(wilma);
      for (const [operation, code] of [
        ["<subscribe publisher='@' transID='#' duration='1' />", 501],
        ["<subscribe transID='#' duration='1' />", 501],
        ["<subscribe publisher='f' transID='#' duration='1' colour='red' />", 501],
        ["<subscribe publisher='a@b' transID='#' duration='1'><x /></subscribe>", 501],
        ["<publish publisher='a@b' transID='#' timeStamp='2026-11-25T00:00:00Z' />", 501],
        ["<terminate transID='#' code='9999' />", 501],
        ["<frobnicate transID='#' />", 504],
        [`<query owner='${fred}' actor='${wilma}' actions='core:data' transID='#' />`, 504],
      ] as const) {
        const transID = newTransID();
        await application.operate(wilma, operation.replace('#', String(transID)));
        expect(await application.replyCode(wilma, transID), operation).toBe(code);
      }
    }),
  );

  it(
    '[P13] [P3] is dropped when its transID cannot be read, and the service goes on',
    scene(async ({ join, fred, wilma }) => {
      const application = await join(wilma);
      for (const operation of [
        `<subscribe publisher='${fred}' duration='0' />`,
        `<subscribe publisher='${fred}' duration='0' transID='0' />`,
        `<subscribe publisher='${fred}' duration='0' transID='2147483648' />`,
        '<frobnicate />',
        '<terminate />',
        "<terminate transID='0' />",
      ]) {
        await application.operate(wilma, operation);
      }
      await expectNothing(application, wilma);
      await application.poll(wilma, fred);
    }),
  );

  it(
    '[C10] [P13] is dropped when its content is elsewhere, or no XML',
    scene(async ({ join, fred, wilma }) => {
      const application = await join(wilma);
      const inline = dataElement(wilma, presenceOf(wilma), subscribeElement(fred, 0, newTransID()));
      const elsewhere = inline.replace("content='#Content'", "content='http://example.com/subscribe'");
      expect(elsewhere).not.toBe(inline);
      expect((await application.request(elsewhere)).name).toBe('ok');
      const text = multipart(wilma, 'text/plain', 'subscribe, please');
      expect((await application.exchange(application.channel, text)).keyword).toBe('RPY');
      await application.operate(wilma, 'subscribe, please');
      await expectNothing(application, wilma);
      await application.poll(wilma, fred);
    }),
  );

  it(
    '[C17] is no answer: reply, notify, allow, deny and statusResponse are dropped',
    scene(async ({ join, wilma }) => {
      const application = await join(wilma);
      const transID = newTransID();
      for (const answer of [
        `<reply code='250' transID='${transID}' />`,
        `<reply code='nonsense' transID='${transID}' />`,
        `<notify subscriber='${wilma}' transID='${transID}' duration='0' action='subscribe' />`,
        `<allow transID='${transID}' />`,
        `<deny transID='${transID}' />`,
        `<statusResponse transID='${transID}'><destination identity='${wilma}'><reply code='250' transID='${transID}' /></destination></statusResponse>`,
      ]) {
        await application.operate(wilma, answer);
      }
      await expectNothing(application, wilma);
    }),
  );

  it(
    '[C4] [3343 §4.7] gets its answer from the service: the relay has accepted the data',
    scene(async ({ join, wilma }) => {
      const application = await join(wilma);
      const transID = newTransID();
      const answer = await application.data(wilma, presenceOf(wilma), watchElement('x@y', 'z', transID));
      expect(answer).toMatchObject({ keyword: 'RPY', name: 'ok' });
      const { name, attributes, originator } = await application.next(wilma);
      expect([name, originator]).toEqual(['reply', presenceOf(wilma)]);
      expect(attributes).toMatchObject({ code: '501', transID: String(transID) });
    }),
  );
});

describe('an operation', () => {
  it(
    '[3343 §4.1] [3340 §4.1] may be a part of a multipart/related',
    scene(async ({ join, fred, wilma }) => {
      const application = await join(wilma);
      const transID = newTransID();
      const payload = multipart(wilma, 'application/beep+xml', subscribeElement(fred, 0, transID));
      const answer = await application.exchange(application.channel, payload);
      expect(answer.keyword).toBe('RPY');
      expect((await application.published(wilma)).attributes['publisher']).toBe(fred);
    }),
  );

  it(
    '[3343 §4 rule 1] [3343 §4 rule 3] is one of the service of its domain: apex=presence, in any letter case of the domain',
    scene(async ({ join, domain, fred, wilma }) => {
      const application = await join(wilma);
      const transID = newTransID();
      await application.operate(
        wilma,
        subscribeElement(fred, 0, transID),
        `apex=presence@${domain.toUpperCase()}`,
      );
      await application.published(wilma);
    }),
  );

  it(
    '[C3] names endpoints whose domain is in any letter case',
    scene(async ({ join, domain, fred, wilma }) => {
      const [publisher, application] = [await join(fred), await join(wilma)];
      const upper = fred.replace(domain, domain.toUpperCase());
      const { attributes } = await application.poll(wilma, upper);
      expect(attributes['publisher']).toBe(fred);
      const transID = newTransID();
      const lastUpdate = String(attributes['lastUpdate']);
      await publisher.operate(fred, publishElement(upper, lastUpdate, { transID, presencePublisher: fred }));
      expect(await publisher.replyCode(fred, transID)).toBe(250);
    }),
  );
});

/** Data for the presence service whose content is a part. */
function multipart(originator: string, contentType: string, content: string): string {
  const control = dataElement(originator, presenceOf(originator), '')
    .replace(" content='#Content'", " content='cid:1@x'")
    .replace(/<data-content.*<\/data-content>/, '');
  return [
    'Content-Type: multipart/related; boundary="b"; start="<0@x>"; type="application/beep+xml"',
    '',
    '--b',
    'Content-Type: application/beep+xml',
    'Content-ID: <0@x>',
    '',
    control,
    '--b',
    `Content-Type: ${contentType}`,
    'Content-ID: <1@x>',
    '',
    content,
    '--b--',
    '',
  ].join('\r\n');
}

/** The passing of time is what is waited for here. */
async function until(time: number): Promise<void> {
  while (Date.now() < time) await new Promise((resolve) => setTimeout(resolve, time - Date.now()));
}
