import { describe, expect, it } from 'vitest';
import { type Application, dataElement, dataWithOptions } from '../../src/application.ts';
import { type Scene, scenes, subaddress } from '../../src/scenes.ts';
import { isOwnServer } from '../../src/target.ts';
import { override, unattached } from '../core/attaching.ts';
import { digest, gif, partsWithin, referring, related, send } from '../core/related.ts';
import {
  dataTiming,
  expectNoReport,
  hold,
  names,
  reported,
  sent,
  statusRequest,
  unknownOption,
} from './reporting.ts';

const scene = scenes('hold');

/** Longer than the set-up's server waits for an answer. */
const stallMs = 60_000;

/** Elements named by their number, held for an endpoint that is not attached. */
async function held(application: Application, from: string, to: string, numbers: readonly number[]) {
  for (const number of numbers) await sent(application, from, to, `<n${number} />`, hold);
}

/** Takes the place of whoever is attached. */
async function takeOver(s: Scene, endpoint: string): Promise<Application> {
  const application = await unattached(s, endpoint);
  expect((await application.attach(endpoint, 7, override)).name).toBe('ok');
  return application;
}

describe('data that is held', () => {
  it(
    '[3342 §3] comes when its recipient attaches, in the order in which it was accepted, and what is sent then behind it',
    scene(async ({ join, fred, wilma }) => {
      const application = await join(wilma);
      const desk = subaddress(wilma, 'desk');
      const other = await join(desk);
      for (let number = 0; number < 20; number += 2) {
        await held(application, wilma, fred, [number]);
        await held(other, desk, fred, [number + 1]);
      }
      const receiver = await join(fred);
      await held(application, wilma, fred, [20]);
      await application.data(wilma, fred, '<n21 />');
      const expected = Array.from({ length: 22 }, (_, number) => `n${number}`);
      expect(await names(receiver, fred, 22)).toEqual(expected);
    }),
  );

  it(
    '[3342 §3] comes to who attaches within the start of the channel, too',
    scene(async ({ join, fred, wilma }) => {
      await held(await join(wilma), wilma, fred, [1, 2]);
      // join attaches so.
      expect(await names(await join(fred), fred, 2)).toEqual(['n1', 'n2']);
    }),
  );

  it(
    '[3342 §3] is all that is: without the option data for an endpoint that is not attached is dropped',
    scene(async ({ join, fred, wilma }) => {
      const application = await join(wilma);
      for (const options of ['', dataTiming("noLaterThan='60000'"), statusRequest(86)]) {
        await sent(application, wilma, fred, '<lost />', options);
      }
      expect(await reported(application, wilma)).toEqual([`86 ${fred} 550`]);
      await held(application, wilma, fred, [1]);
      expect(await names(await join(fred), fred, 1)).toEqual(['n1']);
    }),
  );

  it(
    '[3342 §3] [3340 §5 rule 6] is held whatever the targetHop of the option, with or without a transID, understood when it must be',
    scene(async ({ join, fred, wilma }) => {
      const application = await join(wilma);
      for (const attributes of [
        '',
        "targetHop='this'",
        "targetHop='final' mustUnderstand='true'",
        "targetHop='all' mustUnderstand='true' transID='86'",
      ]) {
        await sent(application, wilma, fred, '<kept />', `<option internal='hold4Endpoint' ${attributes} />`);
      }
      expect(await names(await join(fred), fred, 4)).toEqual(['kept', 'kept', 'kept', 'kept']);
    }),
  );

  it(
    '[3342 §3] for several recipients comes to each when he attaches, at once to those who are attached',
    scene(async ({ join, fred, wilma }) => {
      const [desk, phone] = [subaddress(fred, 'desk'), subaddress(fred, 'phone')];
      const attached = await join(fred);
      const application = await join(wilma);
      await sent(application, wilma, [desk, fred, phone], '<hello />', hold + statusRequest(86));
      expect(await names(attached, fred, 1)).toEqual(['hello']);
      expect(await reported(application, wilma)).toEqual([`86 ${fred} 250`]);
      for (const endpoint of [phone, desk]) {
        expect(await names(await join(endpoint), endpoint, 1)).toEqual(['hello']);
        expect(await reported(application, wilma)).toEqual([`86 ${endpoint} 250`]);
      }
    }),
  );

  it(
    '[3342 §3] [C3] for a subaddress waits for that one, whatever else attaches',
    scene(async ({ join, fred, wilma }) => {
      const application = await join(wilma);
      const desk = subaddress(fred, 'desk');
      await held(application, wilma, desk, [1]);
      await held(application, wilma, fred, [2]);
      const others = [await join(fred), await join(subaddress(fred, 'other'))];
      expect(await names(others[0] as Application, fred, 1)).toEqual(['n2']);
      expect(await names(await join(desk), desk, 1)).toEqual(['n1']);
      for (const other of others) expect(other.waiting(desk)).toEqual([]);
    }),
  );

  it(
    '[3342 §3] [3340 §5.1] has a status when it is delivered, none before',
    scene(async ({ join, fred, wilma }) => {
      const application = await join(wilma);
      await sent(application, wilma, fred, '<hello />', hold + statusRequest(86));
      await expectNoReport(application, wilma, subaddress(fred, 'absent'), 550);
      const receiver = await join(fred);
      expect(await names(receiver, fred, 1)).toEqual(['hello']);
      expect(await reported(application, wilma)).toEqual([`86 ${fred} 250`]);
    }),
  );

  it(
    '[C14] [C11] is nothing for an endpoint that is not known, or whom the originator may not send to',
    scene(async ({ join, wilma, barney, domain }) => {
      const application = await join(wilma);
      const nobody = `nobody.hold@${domain}`;
      await sent(application, wilma, [nobody, barney], '<lost />', hold + statusRequest(86));
      expect(await reported(application, wilma, 2)).toEqual([`86 ${nobody} 550`, `86 ${barney} 537`].sort());
      const desk = subaddress(barney, 'desk');
      await held(await join(desk), desk, barney, [1]);
      expect(await names(await join(barney), barney, 1)).toEqual(['n1']);
    }),
  );

  it(
    '[C5] [3340 §4.4.4.1 step 5.1] is nothing for a recipient who is left out because of an option that is not understood',
    scene(async ({ join, fred, wilma }) => {
      const application = await join(wilma);
      const desk = subaddress(fred, 'desk');
      const xml = dataWithOptions(wilma, {
        recipients: { [fred]: unknownOption('final'), [desk]: '' },
        data: hold + statusRequest(86),
      });
      expect((await application.request(xml)).name).toBe('ok');
      await sent(application, wilma, fred, '<lost />', hold + statusRequest(87) + unknownOption('final'));
      expect(await reported(application, wilma, 2)).toEqual([`86 ${fred} 504`, `87 ${fred} 504`]);
      await held(application, wilma, fred, [1]);
      expect(await names(await join(fred), fred, 1)).toEqual(['n1']);
      expect(await names(await join(desk), desk, 1)).toEqual(['hello']);
      expect(await reported(application, wilma)).toEqual([`86 ${desk} 250`]);
    }),
  );

  it(
    '[C9] [3342 §3] keeps its content in another part octet for octet',
    scene(async ({ join, fred, wilma, authenticated }) => {
      const application = await join(wilma);
      const every = Buffer.from(Array.from({ length: 256 }, (_, value) => value));
      const contents = [Buffer.concat([every, Buffer.from('\r\n--\r\nEND\r\n\0')]), Buffer.alloc(0)];
      for (const content of contents) {
        const payload = related(referring('cid:2@example.com', wilma, fred, hold), [gif(content)]);
        expect((await send(application, payload)).name).toBe('ok');
      }
      const receiver = await authenticated(fred);
      receiver.acknowledges = false;
      await receiver.startApex();
      expect((await receiver.attach(fred)).name).toBe('ok');
      for (const content of contents) {
        const message = await receiver.until(() => receiver.unanswered.shift(), 'a delivery');
        receiver.answer(message);
        expect(digest(partsWithin(message.octets)[1] ?? '')).toBe(digest(content));
      }
    }),
  );

  it(
    '[C9] [3342 §3] keeps its content inside, whatever is in it',
    scene(async ({ join, fred, wilma }) => {
      const application = await join(wilma);
      const contents = [
        "<x:y xmlns:x='urn:x' a='&lt;&#10;&quot;'> <![CDATA[<&]]> ☃ </x:y>",
        'text alone &amp; <b/>\n',
        '',
        `<long>${'0123456789'.repeat(2000)}</long>`,
      ];
      for (const content of contents) {
        expect((await application.request(dataElement(wilma, fred, content, hold))).name).toBe('ok');
      }
      const receiver = await join(fred);
      for (const content of contents) expect((await receiver.delivery(fred)).content).toBe(content);
    }),
  );
});

describe('held data on its way', () => {
  it(
    '[C14] is kept until the ok: who has not answered has not got it, and the next who attaches gets it again',
    scene(async (s) => {
      const { join, fred, wilma } = s;
      const application = await join(wilma);
      await sent(application, wilma, fred, '<n0 />', hold + statusRequest(86));
      await held(application, wilma, fred, [1, 2]);
      const leaving = await s.authenticated(fred);
      leaving.acknowledges = false;
      await leaving.startApex();
      expect((await leaving.attach(fred)).name).toBe('ok');
      expect((await leaving.delivery(fred)).content).toContain('<n0');
      leaving.wire.close();
      const receiver = await takeOver(s, fred);
      expect(await names(receiver, fred, 3)).toEqual(['n0', 'n1', 'n2']);
      expect(await reported(application, wilma)).toEqual([`86 ${fred} 250`]);
    }),
  );

  it.runIf(isOwnServer)(
    '[C14] [C13] is kept when its recipient is detached for not answering, while what was not to be held has failed',
    scene(async (s) => {
      const { join, fred, wilma } = s;
      const application = await join(wilma);
      await sent(application, wilma, fred, '<kept />', hold + statusRequest(86));
      const stalled = await s.authenticated(fred);
      stalled.acknowledges = false;
      await stalled.startApex();
      expect((await stalled.attach(fred)).name).toBe('ok');
      await sent(application, wilma, fred, '<lost />', statusRequest(87));
      expect((await stalled.nextTermination(stallMs)).code).toBe('451');
      expect((await reported(application, wilma))[0]).toMatch(/^87 .* [45]\d\d$/);
      const receiver = await takeOver(s, fred);
      expect(await names(receiver, fred, 1)).toEqual(['kept']);
      expect(await reported(application, wilma)).toEqual([`86 ${fred} 250`]);
      await expectNoReport(application, wilma, fred);
      expect(await names(receiver, fred, 1)).toEqual(['last']);
    }),
  );

  it(
    '[C14] [B18] is kept when the answer makes no sense: the channel is closed, and it waits for the next who attaches',
    scene(async ({ join, fred, wilma, authenticated }) => {
      const application = await join(wilma);
      await held(application, wilma, fred, [0]);
      const receiver = await authenticated(fred);
      receiver.acknowledges = false;
      await receiver.startApex();
      expect((await receiver.attach(fred)).name).toBe('ok');
      const { channel } = receiver;
      receiver.answer(await receiver.delivery(fred), '<error />', 'ERR');
      await receiver.until(() => receiver.closedByServer.includes(channel) || undefined, 'a close');
      expect(receiver.waiting(fred)).toEqual([]);

      receiver.acknowledges = true;
      await receiver.startApex();
      expect((await receiver.attach(fred)).name).toBe('ok');
      await application.data(wilma, fred, '<last />');
      expect(await names(receiver, fred, 2)).toEqual(['n0', 'last']);
    }),
  );

  it(
    '[C3] [B18] goes by the channel before when the newest is closed for an answer that makes no sense',
    scene(async ({ join, fred, wilma }) => {
      const receiver = await join(fred);
      const before = receiver.channel;
      await receiver.startApex();
      expect((await receiver.attach(fred)).name).toBe('ok');
      receiver.acknowledges = false;
      await held(await join(wilma), wilma, fred, [0]);
      const delivery = await receiver.delivery(fred);
      expect(delivery.channel).toBe(receiver.channel);
      receiver.answer(delivery, '<error />', 'ERR');
      receiver.acknowledges = true;
      const again = await receiver.delivery(fred);
      expect([again.channel, again.content]).toEqual([before, '<n0 />']);
    }),
  );

  it(
    '[3340 §5.1] [3340 §4.4.4.1 step 5.3] has failed when its recipient refuses it for good, and does not come back at once',
    scene(async ({ join, fred, wilma }) => {
      const receiver = await join(fred);
      receiver.acknowledges = false;
      const application = await join(wilma);
      for (const code of [550, 250, 350]) {
        await sent(application, wilma, fred, '<hello />', hold + statusRequest(86));
        receiver.answer(await receiver.delivery(fred), `<error code='${code}' />`, 'ERR');
        expect((await reported(application, wilma))[0], String(code)).toMatch(/^86 .* [45]\d\d$/);
      }
      receiver.acknowledges = true;
      await expectNoReport(application, wilma, fred);
      expect(await names(receiver, fred, 1)).toEqual(['last']);
    }),
  );

  it(
    '[C14] is gone behind the ok: who attaches once more gets nothing again',
    scene(async ({ join, fred, wilma }) => {
      const application = await join(wilma);
      await held(application, wilma, fred, [1, 2]);
      const receiver = await join(fred);
      expect(await names(receiver, fred, 2)).toEqual(['n1', 'n2']);
      expect((await receiver.terminate(0)).name).toBe('ok');
      await held(application, wilma, fred, [3]);
      expect((await receiver.attach(fred)).name).toBe('ok');
      expect(await names(receiver, fred, 1)).toEqual(['n3']);
    }),
  );

  it(
    '[C14] [3342 §1] goes to who takes the place of the application that was getting it, from the first that was not answered',
    scene(async (s) => {
      const { join, fred, wilma } = s;
      const application = await join(wilma);
      await held(application, wilma, fred, [0, 1, 2, 3, 4]);
      const earlier = await s.authenticated(fred);
      earlier.acknowledges = false;
      await earlier.startApex();
      expect((await earlier.attach(fred)).name).toBe('ok');
      for (const _ of [0, 1]) earlier.answer(await earlier.delivery(fred));
      // The relay has read the answers when it has read what stands behind them.
      expect((await earlier.data(fred, subaddress(fred, 'absent'), '<behind />')).name).toBe('ok');

      const later = await takeOver(s, fred);
      expect((await earlier.nextTermination()).code).toBe('556');
      expect(await names(later, fred, 3)).toEqual(['n2', 'n3', 'n4']);
      await application.data(wilma, fred, '<last />');
      expect(await names(later, fred, 1)).toEqual(['last']);
    }),
  );

  it(
    '[3342 §3] is not passed by what is held for the same endpoint meanwhile',
    scene(async (s) => {
      const { join, fred, wilma } = s;
      const application = await join(wilma);
      await held(application, wilma, fred, [0, 1, 2]);
      const receiver = await s.authenticated(fred);
      receiver.acknowledges = false;
      await receiver.startApex();
      expect((await receiver.attach(fred)).name).toBe('ok');
      const first = await receiver.delivery(fred);
      await held(application, wilma, fred, [3, 4]);
      receiver.acknowledges = true;
      for (const message of receiver.unanswered.splice(0)) receiver.answer(message);
      expect(first.control).toContain('<n0');
      expect(await names(receiver, fred, 4)).toEqual(['n1', 'n2', 'n3', 'n4']);
    }),
  );

  it(
    '[3342 §3] [C14] of many originators at once comes whole while its recipient comes and goes',
    scene(async ({ join, fred, wilma }) => {
      const application = await join(wilma);
      const total = 60;
      const sending = held(
        application,
        wilma,
        fred,
        Array.from({ length: total }, (_, number) => number),
      );
      const receiver = await join(fred);
      const found: string[] = [];
      while (found.length < total) {
        found.push(...(await names(receiver, fred, 1)));
        if (found.length % 15 === 0 && found.length < total) {
          expect((await receiver.terminate(0)).name).toBe('ok');
          expect((await receiver.attach(fred)).name).toBe('ok');
        }
      }
      await sending;
      expect(new Set(found).size).toBe(total);
      expect(found).toEqual(Array.from({ length: total }, (_, number) => `n${number}`));
    }),
  );
});
