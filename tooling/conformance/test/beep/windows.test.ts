import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import {
  type Application,
  apexProfile,
  dataElement,
  profileElement,
  readAnswer,
} from '../../src/application.ts';
import { onWire, scenes, subaddress } from '../../src/scenes.ts';
import { isOwnServer } from '../../src/target.ts';
import { beepXml, initialWindow } from '../../src/wire.ts';

const scene = scenes('windows');
const apex = profileElement(apexProfile);
const filler = (octets: number): string => `<filler>${'x'.repeat(octets)}</filler>`;

/** The session answers on this channel. */
async function expectAnswers(application: Application, channel: number): Promise<void> {
  expect((await application.exchange(channel, beepXml('<unexpected />'))).keyword).toBe('ERR');
}

/** Resolves when octets of data have arrived on the channel of this application. */
function arrived(application: Application, octets: number): Promise<number> {
  const { wire, channel } = application;
  return wire.until(() => {
    const received = wire.received(channel);
    return received >= octets ? received : undefined;
  }, `${octets} octets on channel ${channel}`);
}

describe('what the server sends', () => {
  it(
    '[3081 §3.1.1] [3081 §3.1.2] never passes the window, and goes on when that opens',
    scene(async ({ join, fred, wilma }) => {
      const receiver = await join(fred);
      receiver.wire.opensWindows = false;
      const sender = await join(wilma);
      await sender.data(wilma, fred, filler(20_000));
      // The sender is not kept waiting by it.
      expect((await sender.data(wilma, wilma, '<mine />')).name).toBe('ok');
      await sender.next(wilma);
      // `Wire` holds the server to its windows.
      expect(receiver.wire.received(receiver.channel)).toBeLessThanOrEqual(initialWindow);
      receiver.wire.openWindow(receiver.channel, 40_000);
      expect((await receiver.delivery(fred)).content).toBe(filler(20_000));
    }),
  );

  it.runIf(isOwnServer)(
    '[3081 §3.1.2 rule 1] is cut to windows, however small',
    scene(async ({ join, fred, wilma }) => {
      const receiver = await join(fred);
      const { wire, channel } = receiver;
      wire.opensWindows = false;
      const sender = await join(wilma);
      await sender.data(wilma, fred, filler(4500));
      let octets = await arrived(receiver, initialWindow);
      for (let window = 1; receiver.waiting(fred).length === 0; window += 7) {
        wire.openWindow(channel, window);
        octets = await wire.until(() => {
          const received = wire.received(channel);
          return received > octets ? received : undefined;
        }, `octets behind ${octets}`);
        // The application takes what the wire has.
        await setImmediate();
      }
      expect((await receiver.delivery(fred)).content).toBe(filler(4500));
    }),
  );

  it.runIf(isOwnServer)(
    '[3081 §3] [3080 §2.6.2] on a channel whose window is closed keeps no other channel waiting',
    scene(async ({ join, fred, wilma }) => {
      const receiver = await join(fred);
      const blocked = receiver.channel;
      receiver.wire.opensWindows = false;
      const sender = await join(wilma);
      await sender.data(wilma, fred, filler(20_000));
      await arrived(receiver, initialWindow);

      await receiver.startApex();
      const other = subaddress(fred, 'other');
      expect((await receiver.attach(other)).name).toBe('ok');
      expect((await receiver.data(other, other, '<small />')).name).toBe('ok');
      expect((await receiver.next(other)).name).toBe('small');
      expect((await receiver.start(receiver.newChannel(), apex)).name).toBe('profile');
      expect(receiver.wire.received(blocked)).toBe(initialWindow);
      receiver.wire.openWindow(blocked, 40_000);
      expect((await receiver.delivery(fred)).content).toBe(filler(20_000));
    }),
  );

  it(
    '[B3] goes on behind a window that was shrunk and opened again',
    scene(async ({ join, fred, wilma }) => {
      const receiver = await join(fred);
      const { wire, channel } = receiver;
      const received = wire.received(channel);
      wire.opensWindows = false;
      wire.raw(`SEQ ${channel} ${received} 8192\r\nSEQ ${channel} ${received} 10\r\n`);
      const sender = await join(wilma);
      await sender.data(wilma, fred, filler(20_000));
      wire.openWindow(channel, 40_000);
      expect((await receiver.delivery(fred)).content).toBe(filler(20_000));
    }),
  );

  it(
    '[B3] is not disturbed by a SEQ for a channel that was closed a moment ago',
    onWire(async ({ peer }) => {
      const application = await peer();
      await application.start(11, apex);
      await expectAnswers(application, 11);
      const received = application.wire.received(11);
      expect((await application.closeChannel(11)).name).toBe('ok');
      application.wire.raw(`SEQ 11 ${received} 8192\r\n`);
      await application.start(13, apex);
      await expectAnswers(application, 13);
    }),
  );
});

describe('what the server takes', () => {
  it(
    '[3081 §3.1.1] is a whole window in one frame, as soon as the channel is there',
    onWire(async ({ peer }) => {
      const application = await peer();
      await application.start(11, apex);
      expect(application.wire.windowLeft(11)).toBeGreaterThanOrEqual(initialWindow);
      const message = beepXml('<unexpected />').padEnd(initialWindow, ' ');
      application.wire.frame('MSG', 11, 1, message);
      expect((await application.reply(11, 1)).keyword).toBe('ERR');
    }),
  );

  it(
    '[3081 §3.1.3] [3081 §3.1.3 rule 4] is many windows in a row, each told by a SEQ',
    scene(async ({ join, fred, wilma }) => {
      const receiver = await join(fred);
      const sender = await join(wilma);
      const before = sender.wire.sequences.length;
      expect((await sender.data(wilma, fred, filler(200_000))).name).toBe('ok');
      expect((await receiver.delivery(fred)).content).toBe(filler(200_000));
      const own = sender.wire.sequences
        .slice(before)
        .filter((seq) => seq.startsWith(`SEQ ${sender.channel} `));
      expect(own.length).toBeGreaterThan(0);
    }),
  );

  it(
    '[3080 §2.2] [3080 §2.2.1.1 rule 13] is a message in frames of one octet, some without any',
    scene(async ({ join, fred, wilma }) => {
      const receiver = await join(fred);
      const sender = await join(wilma);
      const { wire, channel } = sender;
      const message = beepXml(dataElement(wilma, fred, '<little by="little" />'));
      for (const octet of message) {
        wire.frame('MSG', channel, 1000, octet, { more: true });
        if (octet === ' ') wire.frame('MSG', channel, 1000, '', { more: true });
      }
      wire.frame('MSG', channel, 1000, '');
      expect(readAnswer(await sender.reply(channel, 1000)).name).toBe('ok');
      expect((await receiver.delivery(fred)).content).toBe('<little by="little" />');
    }),
  );

  it(
    '[3080 §2.6.2] [3081 §3] on one channel is not held up by half a message on another',
    onWire(async ({ peer }) => {
      const application = await peer();
      await application.start(11, apex);
      await application.start(13, apex);
      const message = beepXml('<unexpected />');
      application.wire.frame('MSG', 11, 1, message.slice(0, 30), { more: true });
      await expectAnswers(application, 13);
      await application.start(15, apex);
      application.wire.frame('MSG', 11, 1, message.slice(30));
      expect((await application.reply(11, 1)).keyword).toBe('ERR');
    }),
  );
});
