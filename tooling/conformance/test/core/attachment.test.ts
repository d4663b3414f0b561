import { describe, expect, it } from 'vitest';
import {
  type Application,
  apexProfile,
  attachElement,
  base64,
  dataElement,
  plainProfile,
  profileElement,
} from '../../src/application.ts';
import { scenes, subaddress } from '../../src/scenes.ts';
import { beepXml, patienceMs } from '../../src/wire.ts';
import { override, unattached, unknownOption } from './attaching.ts';

const scene = scenes('attachment');

/** Attaches as soon as another application is no longer attached. */
async function attachWhenFree(application: Application, endpoint: string): Promise<void> {
  const until = Date.now() + patienceMs;
  for (;;) {
    const { name, code } = await application.attach(endpoint);
    if (name === 'ok') return;
    expect(code).toBe(554);
    expect(Date.now(), 'the endpoint stays attached').toBeLessThan(until);
  }
}

describe('attachOverride', () => {
  it(
    '[3342 §1] [C12] ends the earlier attachment with terminate 556 under its transID, and takes its place',
    scene(async (s) => {
      const earlier = await unattached(s, s.wilma);
      await earlier.attach(s.wilma, 41);
      const later = await unattached(s, s.wilma);
      expect((await later.attach(s.wilma, 42, override)).name).toBe('ok');
      expect(await earlier.nextTermination()).toEqual({
        channel: earlier.channel,
        transID: '41',
        code: '556',
      });

      await later.data(s.wilma, s.wilma, '<hello />');
      expect((await later.next(s.wilma)).name).toBe('hello');
      expect(earlier.waiting(s.wilma)).toEqual([]);
      // The earlier session lives on, without the attachment.
      expect((await earlier.data(s.wilma, s.fred, '<hello />')).code).toBe(537);
      expect((await earlier.terminate(41)).code).toBe(550);
      expect((await earlier.attach(s.wilma, 41)).code).toBe(554);
    }),
  );

  it(
    '[3342 §1] changes nothing when nobody is attached, and may have to be understood',
    scene(async (s) => {
      const application = await unattached(s, s.wilma);
      const must = "<option internal='attachOverride' mustUnderstand='true' transID='3' />";
      expect((await application.attach(s.wilma, 7, must)).name).toBe('ok');
      await application.data(s.wilma, s.wilma, '<hello />');
      expect((await application.next(s.wilma)).name).toBe('hello');
      expect(application.terminations).toEqual([]);
    }),
  );

  it(
    '[3342 §1] [C6] may come without a transID',
    scene(async (s) => {
      const earlier = await s.join(s.wilma);
      const later = await unattached(s, s.wilma);
      expect((await later.attach(s.wilma, 7, "<option internal='attachOverride' />")).name).toBe('ok');
      expect((await earlier.nextTermination()).code).toBe('556');
    }),
  );

  it(
    '[3342 §1] [3340 §4.4.1 step 3] of somebody else, or beside an option that is not understood, ends nothing',
    scene(async (s) => {
      const present = await s.join(s.fred);
      const stranger = await unattached(s, s.barney);
      expect((await stranger.attach(s.fred, 7, override)).code).toBe(537);
      const own = await unattached(s, s.fred);
      expect((await own.attach(s.fred, 7, override + unknownOption)).code).toBe(504);
      await present.data(s.fred, s.fred, '<hello />');
      expect((await present.next(s.fred)).name).toBe('hello');
      expect(present.terminations).toEqual([]);
    }),
  );

  it(
    '[3342 §1] [C3] leaves attachments as other subaddresses of the endpoint alone',
    scene(async (s) => {
      const terminal = subaddress(s.wilma, 'terminal');
      const earlier = await s.join(s.wilma);
      await earlier.attach(terminal);
      const later = await unattached(s, s.wilma);
      expect((await later.attach(s.wilma, 7, override)).name).toBe('ok');
      expect((await earlier.nextTermination()).code).toBe('556');
      await later.data(s.wilma, terminal, '<hello />');
      expect((await earlier.next(terminal)).name).toBe('hello');
      expect(earlier.terminations).toEqual([]);
    }),
  );

  it(
    '[3342 §1] [C3] ends every attachment that the earlier session has as the endpoint',
    scene(async (s) => {
      const earlier = await unattached(s, s.wilma);
      await earlier.attach(s.wilma, 41);
      const first = earlier.channel;
      await earlier.startApex();
      await earlier.attach(s.wilma, 42);
      const later = await unattached(s, s.wilma);
      await later.attach(s.wilma, 7, override);
      const ended = [await earlier.nextTermination(), await earlier.nextTermination()];
      expect(ended).toContainEqual({ channel: first, transID: '41', code: '556' });
      expect(ended).toContainEqual({ channel: earlier.channel, transID: '42', code: '556' });
    }),
  );

  it(
    '[3342 §1] of several, one behind the other, leaves the last one attached',
    scene(async (s) => {
      const applications = [await s.join(s.wilma)];
      for (let count = 0; count < 3; count += 1) {
        const next = await unattached(s, s.wilma);
        expect((await next.attach(s.wilma, 7, override)).name).toBe('ok');
        expect((await applications.at(-1)?.nextTermination())?.code).toBe('556');
        applications.push(next);
      }
      const last = applications.at(-1) as Application;
      await last.data(s.wilma, s.wilma, '<hello />');
      expect((await last.next(s.wilma)).name).toBe('hello');
    }),
  );
});

describe('an endpoint that its session attaches once more', () => {
  it(
    '[C3] is accepted on another channel, and the newest channel receives',
    scene(async (s) => {
      const application = await s.join(s.wilma);
      const first = application.channel;
      await application.startApex();
      expect((await application.attach(s.wilma, 7)).name).toBe('ok');
      await application.data(s.wilma, s.wilma, '<hello />');
      expect((await application.delivery(s.wilma)).channel).toBe(application.channel);
      expect(application.terminations).toEqual([]);
      // Without the newest one it is the one before.
      expect((await application.terminate(7)).name).toBe('ok');
      await application.data(s.wilma, s.wilma, '<hello />');
      expect((await application.delivery(s.wilma)).channel).toBe(first);
    }),
  );

  it(
    '[C3] is accepted on the same channel, and stays attached until the last one ends',
    scene(async (s) => {
      const application = await unattached(s, s.wilma);
      expect((await application.attach(s.wilma, 7)).name).toBe('ok');
      expect((await application.attach(s.wilma, 8)).name).toBe('ok');
      expect((await application.terminate(7)).name).toBe('ok');
      expect((await application.data(s.wilma, s.wilma, '<hello />')).name).toBe('ok');
      // One recipient, one delivery.
      expect((await application.next(s.wilma)).name).toBe('hello');
      expect((await application.terminate(8)).name).toBe('ok');
      expect((await application.data(s.wilma, s.fred, '<hello />')).code).toBe(537);
      expect(application.waiting(s.wilma)).toEqual([]);
    }),
  );
});

describe('the end of an attachment', () => {
  it(
    '[B10] [3340 §6.1.1 rule 1] comes with the close of its channel',
    scene(async (s) => {
      const application = await s.join(s.wilma);
      const { channel } = application;
      await application.startApex();
      expect((await application.data(s.wilma, s.fred, '<hello />')).name).toBe('ok');
      expect((await application.closeChannel(channel)).name).toBe('ok');
      expect((await application.data(s.wilma, s.fred, '<hello />')).code).toBe(537);
      expect((await (await unattached(s, s.wilma)).attach(s.wilma)).name).toBe('ok');
    }),
  );

  it(
    '[B10] comes with the release of the session',
    scene(async (s) => {
      const application = await s.join(s.wilma);
      expect((await application.manage("<close number='0' code='200' />")).name).toBe('ok');
      expect((await (await unattached(s, s.wilma)).attach(s.wilma)).name).toBe('ok');
    }),
  );

  it(
    '[B10] comes with the loss of the connection',
    scene(async (s) => {
      const application = await s.join(s.wilma);
      const next = await unattached(s, s.wilma);
      expect((await next.attach(s.wilma)).code).toBe(554);
      application.wire.close();
      await attachWhenFree(next, s.wilma);
      await next.data(s.wilma, s.wilma, '<hello />');
      expect((await next.next(s.wilma)).name).toBe('hello');
    }),
  );

  it(
    '[B10] does not come with the end of another session of the same peer',
    scene(async (s) => {
      const application = await s.join(s.wilma);
      const other = await s.join(subaddress(s.wilma, 'a'));
      expect((await other.manage("<close number='0' code='200' />")).name).toBe('ok');
      await application.data(s.wilma, s.wilma, '<hello />');
      expect((await application.next(s.wilma)).name).toBe('hello');
    }),
  );

  it(
    '[B18] [3340 §8.1] comes with a one-to-many reply to data, which closes the channel and no other',
    scene(async (s) => {
      const application = await s.join(s.wilma);
      const { channel } = application;
      await application.startApex();
      await application.attach(subaddress(s.wilma, 'a'));
      application.acknowledges = false;
      await application.data(s.wilma, s.wilma, '<hello />');
      const { msgno } = await application.delivery(s.wilma);
      application.wire.send('ANS', channel, msgno, 'Content-Type: application/beep+xml\r\n\r\n<ok />', 0);
      application.wire.send('NUL', channel, msgno, '');
      await application.until(() => application.closedByServer.includes(channel) || undefined, 'a close');
      application.acknowledges = true;
      await application.manage("<close number='4711' code='200' />");
      expect((await application.data(s.wilma, s.fred, '<hello />')).code).toBe(537);
      await application.data(subaddress(s.wilma, 'a'), subaddress(s.wilma, 'a'), '<again />');
      expect((await application.next(subaddress(s.wilma, 'a'))).name).toBe('again');
    }),
  );
});

it(
  '[B10] [B18] the attachments of a channel have ended for what stands right behind the ok to its close',
  scene(async ({ wire: open, wilma, fred, password }) => {
    const wire = await open();
    const exchange = async (channel: number, msgno: number, xml: string): Promise<string> => {
      wire.send('MSG', channel, msgno, beepXml(xml));
      return (await wire.nextMessage()).body;
    };
    const blob = `<blob>${base64(`\0${wilma}\0${password}`)}</blob>`;
    await exchange(0, 1, `<start number='1'>${profileElement(plainProfile, blob)}</start>`);
    const initialization = attachElement(wilma, 7);
    await exchange(0, 2, `<start number='3'>${profileElement(apexProfile, initialization)}</start>`);
    await exchange(0, 3, `<start number='5'>${profileElement(apexProfile)}</start>`);
    expect(await exchange(5, 1, dataElement(wilma, wilma, '<hello />'))).toContain('<ok');
    const { channel, msgno } = await wire.nextMessage();
    wire.send('RPY', channel, msgno, beepXml('<no />'));
    const close = await wire.nextMessage();
    expect(close.body).toContain('<close');
    // Both frames in one segment.
    const ok = beepXml('<ok />');
    const data = beepXml(dataElement(wilma, fred, '<hello />'));
    wire.raw(
      `RPY 0 ${close.msgno} . ${wire.nextSeqno(0)} ${Buffer.byteLength(ok)}\r\n${ok}END\r\n` +
        `MSG 5 2 . ${wire.nextSeqno(5)} ${Buffer.byteLength(data)}\r\n${data}END\r\n`,
    );
    expect(await wire.nextMessage()).toMatchObject({ keyword: 'ERR', body: expect.stringContaining('537') });
  }),
);
