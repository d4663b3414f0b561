import { describe, expect, it } from 'vitest';
import { newTransID, watchElement } from '../../src/application.ts';
import { scenes, subaddress } from '../../src/scenes.ts';
import { ending, expectNothing, notification, publish, subscribed, watching } from './playing.ts';

const scene = scenes('watch');

describe('a watch is refused', () => {
  it(
    '[3343 §4.3 step 1] with 553 for a publisher of another domain',
    scene(async ({ join, wilma }) => {
      const application = await join(wilma);
      const transID = await application.watch(wilma, 'fred@elsewhere.invalid', 60);
      expect(await application.replyCode(wilma, transID)).toBe(553);
    }),
  );

  it(
    '[3343 §4.3 step 2] [P6] with 550 for a publisher that is no endpoint, or a subaddress',
    scene(async ({ join, domain, fred }) => {
      const application = await join(fred);
      for (const publisher of [`nobody@${domain}`, subaddress(fred, 'desk')]) {
        const transID = await application.watch(fred, publisher, 60);
        expect(await application.replyCode(fred, transID), publisher).toBe(550);
      }
    }),
  );

  it(
    '[3343 §4.3 step 3] with 537 for an originator whom the publisher does not allow: one who may subscribe may not watch',
    scene(async ({ join, fred, wilma }) => {
      const application = await join(wilma);
      await application.poll(wilma, fred);
      for (const duration of [0, 60]) {
        const transID = await application.watch(wilma, fred, duration);
        expect(await application.replyCode(wilma, transID)).toBe(537);
      }
    }),
  );

  it(
    '[3343 §4.3 step 5] with 555 for a transID that refers to an operation in progress',
    scene(async ({ join, fred }) => {
      const application = await join(fred);
      const transID = await subscribed(application, fred, fred);
      await application.operate(fred, watchElement(fred, 60, transID));
      expect(await application.replyCode(fred, transID)).toBe(555);
    }),
  );
});

describe('a watch that takes the place of another', () => {
  it(
    '[3343 §4.3 step 4] [P4] silently ends the previous one, also for a poll and for a refusal',
    scene(async ({ join, fred }) => {
      const application = await join(fred);
      const own = await subscribed(application, fred, fred);
      for (const [duration, transID, code] of [
        [60, newTransID(), 250],
        [0, newTransID(), 250],
        [60, own, 555],
      ] as const) {
        const previous = await watching(application, fred, fred, 1);
        await application.watch(fred, fred, duration, transID);
        expect(await application.replyCode(fred, transID)).toBe(code);
        if (code === 250) await notification(application, fred, transID);
        await application.endOperation(fred, previous);
        expect(await application.replyCode(fred, previous)).toBe(550);
        if (code === 250 && duration > 0) {
          await application.endOperation(fred, transID);
          expect(await application.replyCode(fred, transID)).toBe(250);
        }
      }
    }),
  );
});

describe('a watch', () => {
  it(
    '[3343 §2.3] [3343 §4.3 step 6] [3343 §4.3 step 6.1] [3343 §4.3 step 6.2] [P5] is answered 250, then told of each subscription in progress with the duration that was asked for',
    scene(async ({ authenticated, join, domain, fred, wilma }) => {
      const application = await authenticated(wilma);
      await application.startApex();
      const tools = ['a', 'b', 'c'].map((name) => subaddress(wilma, name));
      for (const [index, tool] of tools.entries()) {
        await application.attach(tool);
        await subscribed(application, tool, fred, 1000 + index);
      }
      const publisher = await join(fred);
      const transID = await publisher.watch(fred, fred, 600);
      expect(await publisher.replyCode(fred, transID)).toBe(250);
      const said = [];
      for (const _ of tools) {
        const { name, attributes, originator } = await publisher.next(fred);
        expect([name, originator, attributes['transID']]).toEqual([
          'notify',
          `apex=presence@${domain}`,
          String(transID),
        ]);
        said.push(`${attributes['action']} ${attributes['subscriber']} ${attributes['duration']}`);
      }
      expect(said.sort()).toEqual(tools.map((tool, index) => `subscribe ${tool} ${1000 + index}`));
    }),
  );

  it(
    '[3343 §2.3] [3343 §4.3 step 6.2] with duration 0 is told once, and is over',
    scene(async ({ join, fred, wilma }) => {
      const [publisher, application] = [await join(fred), await join(wilma)];
      await subscribed(application, wilma, fred);
      const transID = await publisher.watch(fred, fred, 0);
      expect(await publisher.replyCode(fred, transID)).toBe(250);
      expect(await notification(publisher, fred, transID)).toBe(`subscribe ${wilma} 600`);
      await application.poll(wilma, fred);
      await expectNothing(publisher, fred);
      await publisher.endOperation(fred, transID);
      expect(await publisher.replyCode(fred, transID)).toBe(550);
    }),
  );

  it(
    '[3343 §4.6] [3343 §4.2 step 6.2] [P5] is told of each subscription that begins, polls included, and of each that ends',
    scene(async ({ join, fred, wilma }) => {
      const [publisher, application] = [await join(fred), await join(wilma)];
      const watch = await watching(publisher, fred, fred);
      await application.poll(wilma, fred);
      expect(await notification(publisher, fred, watch)).toBe(`subscribe ${wilma} 0`);
      const transID = await subscribed(application, wilma, fred);
      expect(await notification(publisher, fred, watch)).toBe(`subscribe ${wilma} 600`);
      await application.endOperation(wilma, transID);
      expect(await application.replyCode(wilma, transID)).toBe(250);
      expect(await notification(publisher, fred, watch)).toBe(`terminate ${wilma} 0`);
      await expectNothing(publisher, fred);
    }),
  );

  it(
    '[P5] is told of a lasting subscription that replaces another by its beginning alone',
    scene(async ({ join, fred, wilma }) => {
      const [publisher, application] = [await join(fred), await join(wilma)];
      const watch = await watching(publisher, fred, fred);
      await subscribed(application, wilma, fred, 100);
      await subscribed(application, wilma, fred, 200);
      expect(await notification(publisher, fred, watch)).toBe(`subscribe ${wilma} 100`);
      expect(await notification(publisher, fred, watch)).toBe(`subscribe ${wilma} 200`);
      await expectNothing(publisher, fred);
    }),
  );

  it(
    '[3343 §4.6] is told nothing of publishes, of other watches, of refused subscribes',
    scene(async ({ authenticated, join, fred, barney }) => {
      const publisher = await authenticated(fred);
      const [desk, phone] = [subaddress(fred, 'desk'), subaddress(fred, 'phone')];
      await publisher.startApex();
      for (const endpoint of [desk, phone]) await publisher.attach(endpoint);
      const watch = await watching(publisher, desk, fred);
      const other = await join(barney);
      const transID = await other.subscribe(barney, fred, 60);
      expect(await other.replyCode(barney, transID)).toBe(537);
      const second = await watching(publisher, phone, fred);
      await publisher.endOperation(phone, second);
      expect(await publisher.replyCode(phone, second)).toBe(250);
      await publish(publisher, phone, 'happy', fred);
      // The poll of that publish is all.
      expect(await notification(publisher, desk, watch)).toBe(`subscribe ${phone} 0`);
      await expectNothing(publisher, desk);
    }),
  );

  it(
    '[3343 §2.3] [3343 §4.3 step 6.3] ends with a terminate of the service when its time is over',
    scene(async ({ join, fred, wilma }) => {
      const [publisher, application] = [await join(fred), await join(wilma)];
      const transID = await publisher.watch(fred, fred, 1);
      expect(await publisher.replyCode(fred, transID)).toBe(250);
      expect(await ending(publisher, fred)).toBe(`terminate ${transID} 250`);
      await subscribed(application, wilma, fred);
      await expectNothing(publisher, fred);
    }),
  );

  it(
    '[3343 §4.3] lasts up to 2^31 - 1 seconds; other durations are 501',
    scene(async ({ join, fred }) => {
      const application = await join(fred);
      const transID = await application.watch(fred, fred, 2_147_483_647);
      expect(await application.replyCode(fred, transID)).toBe(250);
      for (const duration of ['2147483648', '-1', 'forever']) {
        const wrong = newTransID();
        await application.operate(fred, watchElement(fred, duration, wrong));
        expect(await application.replyCode(fred, wrong), duration).toBe(501);
      }
    }),
  );
});
