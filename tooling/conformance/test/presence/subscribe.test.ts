import { describe, expect, it } from 'vitest';
import { newTransID, subscribeElement } from '../../src/application.ts';
import { encodedEndpoint, freshEndpoint } from '../../src/provisioning.ts';
import { scenes, subaddress } from '../../src/scenes.ts';
import { isOwnServer } from '../../src/target.ts';
import { element, startTags } from '../../src/xml.ts';
import {
  ending,
  expectNothing,
  moodOf,
  notification,
  onOwnServer,
  publish,
  subscribed,
  watching,
} from './playing.ts';

const scene = scenes('subscribe');

describe('a subscribe is refused', () => {
  it(
    '[3343 §4.2 step 1] with 553 for a publisher of another domain',
    scene(async ({ join, wilma }) => {
      const application = await join(wilma);
      const transID = await application.subscribe(wilma, 'fred@elsewhere.invalid', 60);
      expect(await application.replyCode(wilma, transID)).toBe(553);
    }),
  );

  it(
    '[3343 §4.2 step 2] [P6] with 550 for a publisher that is no endpoint, or a subaddress',
    scene(async ({ join, domain, fred, wilma }) => {
      const application = await join(wilma);
      for (const publisher of [`nobody@${domain}`, subaddress(fred, 'desk'), `apex=nothing@${domain}`]) {
        const transID = await application.subscribe(wilma, publisher, 60);
        expect(await application.replyCode(wilma, transID), publisher).toBe(550);
      }
    }),
  );

  it(
    '[3343 §4.2 step 3] with 537 for an originator whom the publisher does not allow, also for a poll',
    scene(async ({ join, fred, barney }) => {
      const application = await join(barney);
      for (const duration of [0, 60]) {
        const transID = await application.subscribe(barney, fred, duration);
        expect(await application.replyCode(barney, transID)).toBe(537);
      }
    }),
  );

  it(
    '[3343 §4.2 step 3] [3343 §4.2 step 5] with 537 before its transID is looked at',
    scene(async ({ join, fred, barney }) => {
      const application = await join(barney);
      const transID = await subscribed(application, barney, barney);
      await application.operate(barney, subscribeElement(fred, 60, transID));
      expect(await application.replyCode(barney, transID)).toBe(537);
    }),
  );

  it(
    '[3343 §4.2 step 5] [3340 §6.1.1 rule 2] with 555 for a transID that refers to an operation in progress, whoever it is about',
    scene(async ({ join, fred, wilma }) => {
      const application = await join(wilma);
      const transID = await subscribed(application, wilma, wilma);
      await application.operate(wilma, subscribeElement(fred, 60, transID));
      expect(await application.replyCode(wilma, transID)).toBe(555);
      const watch = await watching(application, wilma, wilma, 1);
      await application.operate(wilma, subscribeElement(fred, 0, watch));
      expect(await application.replyCode(wilma, watch)).toBe(555);
    }),
  );
});

describe('a subscribe that takes the place of another', () => {
  it(
    '[3343 §4.2 step 4] silently ends the previous subscription of the originator to the publisher',
    scene(async ({ join, fred, wilma }) => {
      const [publisher, application] = [await join(fred), await join(wilma)];
      const first = await subscribed(application, wilma, fred);
      const second = await subscribed(application, wilma, fred);
      expect(second).not.toBe(first);
      await publish(publisher, fred, 'happy');
      const { name, attributes } = await application.next(wilma);
      expect([name, attributes['transID']]).toEqual(['publish', String(second)]);
      await expectNothing(application, wilma);
    }),
  );

  it(
    '[3343 §4.2 step 4] [P9] may have the same transID, and gets the current entry first',
    scene(async ({ join, fred, wilma }) => {
      const [publisher, application] = [await join(fred), await join(wilma)];
      const transID = await subscribed(application, wilma, fred);
      await publish(publisher, fred, 'happy');
      await application.published(wilma);
      await application.subscribe(wilma, fred, 600, transID);
      expect(moodOf(await application.published(wilma))).toBe('happy');
      await publish(publisher, fred, 'sad');
      expect(moodOf(await application.published(wilma))).toBe('sad');
      await expectNothing(application, wilma);
    }),
  );

  it(
    '[P4] [P5] ends it also when it is then refused, and watchers are told',
    scene(async ({ join, fred, wilma }) => {
      const [publisher, application] = [await join(fred), await join(wilma)];
      const watch = await watching(publisher, fred, fred);
      const own = await subscribed(application, wilma, wilma);
      await subscribed(application, wilma, fred);
      expect(await notification(publisher, fred, watch)).toBe(`subscribe ${wilma} 600`);
      await application.operate(wilma, subscribeElement(fred, 60, own));
      expect(await application.replyCode(wilma, own)).toBe(555);
      expect(await notification(publisher, fred, watch)).toBe(`terminate ${wilma} 0`);
    }),
  );

  it(
    '[P4] [P5] ends it also when it is a poll, and watchers are told of both',
    scene(async ({ join, fred, wilma }) => {
      const [publisher, application] = [await join(fred), await join(wilma)];
      const watch = await watching(publisher, fred, fred);
      const transID = await subscribed(application, wilma, fred);
      expect(await notification(publisher, fred, watch)).toBe(`subscribe ${wilma} 600`);
      await application.poll(wilma, fred);
      expect(await notification(publisher, fred, watch)).toBe(`terminate ${wilma} 0`);
      expect(await notification(publisher, fred, watch)).toBe(`subscribe ${wilma} 0`);
      await application.endOperation(wilma, transID);
      expect(await application.replyCode(wilma, transID)).toBe(550);
    }),
  );

  it(
    '[P6] is one of the same originator: a subaddress and its endpoint are two',
    scene(async ({ authenticated, fred, wilma }) => {
      const application = await authenticated(wilma);
      const tool = subaddress(wilma, 'appl=a');
      for (const endpoint of [wilma, tool]) {
        await application.startApex();
        await application.attach(endpoint);
      }
      const transID = newTransID();
      for (const endpoint of [wilma, tool]) {
        await application.subscribe(endpoint, fred, 600, transID);
        await application.published(endpoint);
      }
      await application.endOperation(tool, transID);
      expect(await application.replyCode(tool, transID)).toBe(250);
      await application.endOperation(wilma, transID);
      expect(await application.replyCode(wilma, transID)).toBe(250);
    }),
  );
});

describe('a subscription', () => {
  it(
    '[3343 §2.2] [3343 §4.2 step 6] [3343 §4.2 step 6.1] has the entry of the publisher at once, from the service and under its transID',
    scene(async ({ join, domain, fred, wilma }) => {
      const application = await join(wilma);
      const transID = await application.subscribe(wilma, fred, 600);
      const { name, attributes, originator, inner } = await application.next(wilma);
      expect([name, originator]).toEqual(['publish', `apex=presence@${domain}`]);
      expect(attributes).toEqual({
        publisher: fred,
        transID: String(transID),
        timeStamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}(Z|-00:00)$/),
      });
      const presence = element(inner, 'presence');
      expect(presence.attributes['publisher']).toBe(fred);
      expect(Date.parse(String(presence.attributes['lastUpdate']))).toBeLessThanOrEqual(
        Date.parse(String(attributes['timeStamp'])),
      );
      expect(startTags(presence.inner, 'tuple')).toHaveLength(1);
    }),
  );

  it(
    '[3343 §2.2] [3343 §4.2 step 6.3] [3343 §4 rule 4] has each change of the entry, in order',
    scene(async ({ join, fred, wilma }) => {
      const [publisher, application] = [await join(fred), await join(wilma)];
      await subscribed(application, wilma, fred);
      const updates: string[] = [];
      for (const mood of ['happy', 'sad', 'sleepy']) {
        await publish(publisher, fred, mood);
        const presence = await application.published(wilma);
        expect(moodOf(presence)).toBe(mood);
        updates.push(String(presence.attributes['lastUpdate']));
      }
      expect([...updates].sort()).toEqual(updates);
      expect(new Set(updates).size).toBe(3);
    }),
  );

  it(
    '[3343 §2.2] [3343 §4.2 step 6.1] with duration 0 has the entry once, and is over',
    scene(async ({ join, fred, wilma }) => {
      const [publisher, application] = [await join(fred), await join(wilma)];
      const transID = await application.subscribe(wilma, fred, 0);
      await application.published(wilma);
      await publish(publisher, fred, 'happy');
      await expectNothing(application, wilma);
      await application.endOperation(wilma, transID);
      expect(await application.replyCode(wilma, transID)).toBe(550);
    }),
  );

  it(
    '[3343 §2.2] [3343 §4.2 step 6.3] ends with a terminate of the service when its time is over, and watchers are told',
    scene(async ({ join, fred, wilma }) => {
      const [publisher, application] = [await join(fred), await join(wilma)];
      const watch = await watching(publisher, fred, fred);
      const transID = await subscribed(application, wilma, fred, 1);
      expect(await notification(publisher, fred, watch)).toBe(`subscribe ${wilma} 1`);
      expect(await ending(application, wilma)).toBe(`terminate ${transID} 250`);
      expect(await notification(publisher, fred, watch)).toBe(`terminate ${wilma} 0`);
      await publisher.endOperation(fred, watch);
      expect(await publisher.replyCode(fred, watch)).toBe(250);
      await publish(publisher, fred, 'happy');
      await expectNothing(application, wilma);
    }),
  );

  it(
    '[3343 §4.2] lasts up to 2^31 - 1 seconds; other durations are 501',
    scene(async ({ join, fred, wilma }) => {
      const application = await join(wilma);
      await subscribed(application, wilma, fred, 2_147_483_647);
      for (const duration of ['2147483648', '-1', '1.5', '', 'PT1H', '99999999999999999999']) {
        const transID = newTransID();
        await application.operate(wilma, subscribeElement(fred, duration, transID));
        expect(await application.replyCode(wilma, transID), duration).toBe(501);
      }
    }),
  );

  it(
    '[P10] [P9] of many has the same entry, octet for octet',
    scene(async ({ authenticated, join, fred, wilma }) => {
      const publisher = await join(fred);
      const application = await authenticated(wilma);
      await application.startApex();
      const tools = Array.from({ length: 20 }, (_, index) => subaddress(wilma, `tool${index}`));
      for (const tool of tools) {
        await application.attach(tool);
        await subscribed(application, tool, fred);
      }
      await publish(publisher, fred, 'happy');
      const entries = await Promise.all(tools.map((tool) => application.next(tool)));
      expect(new Set(entries.map(({ inner }) => inner)).size).toBe(1);
    }),
  );
});

describe('the entry of an endpoint for which nobody has published', () => {
  it(
    '[P2] has one tuple, its own apex: URL, which has not been available since it was provisioned',
    scene(async ({ authenticated, domain }) => {
      for (const [endpoint, destination] of [
        [freshEndpoint(domain), `apex:fresh@${domain}`],
        [encodedEndpoint(domain), `apex:zo%C3%AB%20rubble%25@${domain}`],
      ] as const) {
        const application = await authenticated(endpoint);
        const tool = subaddress(endpoint, 'conformance');
        await application.startApex();
        await application.attach(tool);
        const { attributes, inner } = await application.poll(tool, endpoint);
        expect(startTags(inner, 'tuple').map((tuple) => tuple.attributes)).toEqual([
          { destination, availableUntil: attributes['lastUpdate'] },
        ]);
        await application.closeChannel(application.channel);
      }
    }),
  );
});

describe('limits', () => {
  it.runIf(isOwnServer)(
    '[P7] a duration above the cap ends at the cap',
    onOwnServer({ durationSeconds: 1 }, async ({ join, fred, wilma }) => {
      const [publisher, application] = [await join(fred), await join(wilma)];
      const transID = await subscribed(application, wilma, fred, 3600);
      expect(await ending(application, wilma)).toBe(`terminate ${transID} 250`);
      const watch = await watching(publisher, fred, fred);
      expect(await ending(publisher, fred)).toBe(`terminate ${watch} 250`);
    }),
  );

  it(
    '[P7] watchers see the duration that was asked for',
    scene(async ({ join, fred, wilma }) => {
      const [publisher, application] = [await join(fred), await join(wilma)];
      const watch = await watching(publisher, fred, fred);
      await subscribed(application, wilma, fred, 2_147_483_647);
      expect(await notification(publisher, fred, watch)).toBe(`subscribe ${wilma} 2147483647`);
    }),
  );

  it.runIf(isOwnServer)(
    '[P11] more operations of an originator, or of a publisher, than the limits are 554; a poll is none',
    onOwnServer({ operationsPerOriginator: 2, subscribersPerPublisher: 1 }, async ({ join, fred, wilma }) => {
      const [publisher, application] = [await join(fred), await join(wilma)];
      await subscribed(application, wilma, fred);
      const second = await publisher.subscribe(fred, fred, 60);
      expect(await publisher.replyCode(fred, second)).toBe(554);
      await watching(application, wilma, wilma);
      const third = await application.subscribe(wilma, wilma, 60);
      expect(await application.replyCode(wilma, third)).toBe(554);
      await application.poll(wilma, wilma);
      await publisher.poll(fred);
    }),
  );
});
