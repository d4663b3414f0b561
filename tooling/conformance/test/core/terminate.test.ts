import { describe, expect, it } from 'vitest';
import { attachElement } from '../../src/application.ts';
import { onWire, scenes, subaddress } from '../../src/scenes.ts';

const scene = scenes('terminate');

describe('terminate', () => {
  it(
    '[3340 §4.4.3] [3340 §4.4.3 step 3] ends that attachment, frees its endpoint, and is answered by an empty ok',
    scene(async ({ authenticated, join, fred, wilma }) => {
      const application = await authenticated(wilma);
      await application.startApex(attachElement(wilma, 7));
      await application.attach(subaddress(wilma, 'a'), 8);
      const answer = await application.terminate(7);
      expect(answer.keyword).toBe('RPY');
      expect(answer.body).toMatch(/^\s*<ok\s*(?:\/>|><\/ok>)\s*$/);

      expect(await application.data(wilma, fred, '<hello />')).toMatchObject({ keyword: 'ERR', code: 537 });
      const other = await join(wilma);
      await other.data(wilma, wilma, '<hello />');
      expect((await other.next(wilma)).name).toBe('hello');
      expect(application.waiting(wilma)).toEqual([]);
      // The other attachment of the channel is still there.
      await other.data(wilma, subaddress(wilma, 'a'), '<hello />');
      expect((await application.next(subaddress(wilma, 'a'))).name).toBe('hello');
    }),
  );

  it(
    '[3340 §4.4.3 step 2] is refused with 550 when its transID is not in use, or is no longer',
    scene(async ({ authenticated, fred, wilma }) => {
      const application = await authenticated(wilma);
      await application.startApex(attachElement(wilma, 7));
      for (const transID of [1, 8, 2 ** 31 - 1]) {
        expect(await application.terminate(transID)).toMatchObject({ keyword: 'ERR', code: 550 });
      }
      expect((await application.data(wilma, fred, '<hello />')).name).toBe('ok');
      expect((await application.terminate(7)).name).toBe('ok');
      expect(await application.terminate(7)).toMatchObject({ keyword: 'ERR', code: 550 });
    }),
  );

  it(
    '[3340 §4.4.3 step 2] [3340 §6.1.1 rule 1] [C1] is refused with 550 on another channel and on another session',
    scene(async ({ authenticated, fred, wilma }) => {
      const application = await authenticated(wilma);
      await application.startApex(attachElement(wilma, 7));
      await application.startApex();
      expect((await application.terminate(7)).code).toBe(550);
      const other = await authenticated(wilma);
      await other.startApex();
      expect((await other.terminate(7)).code).toBe(550);
      expect((await application.data(wilma, fred, '<hello />')).name).toBe('ok');
    }),
  );

  it(
    '[3340 §4.4.3 step 1] [C1] with transID 0 ends every attachment of the session, on all of its channels',
    scene(async ({ authenticated, join, fred, wilma }) => {
      const application = await authenticated(wilma);
      await application.startApex(attachElement(wilma, 7));
      await application.attach(subaddress(wilma, 'a'), 8);
      const first = application.channel;
      await application.startApex(attachElement(subaddress(wilma, 'b'), 7));
      // On a channel of its own, where nothing was attached.
      await application.startApex();
      expect((await application.terminate(0)).name).toBe('ok');
      for (const endpoint of [wilma, subaddress(wilma, 'a'), subaddress(wilma, 'b')]) {
        expect((await application.data(endpoint, fred, '<hello />')).code).toBe(537);
        await join(endpoint);
      }
      expect((await application.terminate(7, first)).code).toBe(550);
      expect((await application.attach(subaddress(wilma, 'c'), 7, '', first)).name).toBe('ok');
    }),
  );

  it(
    '[3340 §4.4.3 step 1] [C1] with transID 0 ends nothing of another session of the same peer',
    scene(async ({ join, fred, wilma }) => {
      const application = await join(wilma);
      const other = await join(subaddress(wilma, 'a'));
      expect((await other.terminate(0)).name).toBe('ok');
      expect((await application.data(wilma, fred, '<hello />')).name).toBe('ok');
    }),
  );

  it(
    '[3340 §4.4.3] [3340 §4.4.3 step 1] [3340 §9.1] without a transID is one with transID 0',
    scene(async ({ join, fred, wilma }) => {
      const application = await join(wilma);
      expect((await application.request('<terminate />')).name).toBe('ok');
      expect((await application.data(wilma, fred, '<hello />')).code).toBe(537);
    }),
  );

  it(
    '[3340 §4.4.3 step 1] with transID 0 is answered ok where nothing is attached, and by who has not authenticated',
    onWire(async ({ session, peer }) => {
      for (const application of [await session(), await peer()]) {
        await application.startApex();
        expect(await application.terminate(0)).toMatchObject({ keyword: 'RPY', name: 'ok' });
      }
    }),
  );

  it(
    '[3340 §4.4.3] may carry a code, a language and a text',
    scene(async ({ authenticated, wilma }) => {
      const application = await authenticated(wilma);
      for (const parts of [
        " code='250'>",
        " code='451' xml:lang='de'>bis später &amp; danke\nzweite Zeile",
        '><![CDATA[<bye>]]>',
      ]) {
        await application.startApex(attachElement(wilma, 7));
        expect((await application.request(`<terminate transID='7'${parts}</terminate>`)).name, parts).toBe(
          'ok',
        );
      }
    }),
  );

  it(
    '[3340 §4.4.3] behind data in one flight lets that data pass, and before it does not',
    scene(async ({ join, fred, wilma }) => {
      const receiver = await join(fred);
      const application = await join(wilma);
      const [before, end, behind] = await Promise.all([
        application.data(wilma, fred, '<before />'),
        application.terminate(0),
        application.data(wilma, fred, '<behind />'),
      ]);
      expect([before.name, end.name, behind.code]).toEqual(['ok', 'ok', 537]);
      expect((await receiver.next(fred)).name).toBe('before');
      await application.attach(wilma);
      await application.data(wilma, fred, '<again />');
      expect((await receiver.next(fred)).name).toBe('again');
    }),
  );

  it(
    '[3340 §9.1] [3340 §4.4.3] [B7] that is not valid is answered 501 and ends nothing',
    scene(async ({ authenticated, fred, wilma }) => {
      const application = await authenticated(wilma);
      await application.startApex(attachElement(wilma, 7));
      const wrong = [
        "<terminate transID='' />",
        "<terminate transID='-1' />",
        "<terminate transID='2147483648' />",
        "<terminate transID='x' />",
        "<terminate transID='7' code='25' />",
        "<terminate transID='7' code='2500' />",
        "<terminate transID='7' code='abc' />",
        "<terminate transID='7' code='600' />",
        "<terminate transID='7' endpoint='a@example.com' />",
        "<terminate transID='7'><b>bye</b></terminate>",
        "<Terminate transID='7' />",
      ];
      for (const xml of wrong) {
        expect(await application.request(xml), xml).toMatchObject({ keyword: 'ERR', code: 501 });
      }
      expect((await application.data(wilma, fred, '<hello />')).name).toBe('ok');
      expect((await application.terminate(7)).name).toBe('ok');
    }),
  );
});
