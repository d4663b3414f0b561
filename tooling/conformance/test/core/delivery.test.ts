import { describe, expect, it } from 'vitest';
import { type Application, dataElement, readAnswer } from '../../src/application.ts';
import { castEntries, castOf, password } from '../../src/provisioning.ts';
import { perform, scenes, subaddress } from '../../src/scenes.ts';
import { startServer } from '../../src/server.ts';
import { isOwnServer } from '../../src/target.ts';
import { beepXml, initialWindow } from '../../src/wire.ts';
import { digest } from './related.ts';

const scene = scenes('delivery');

/** More than the time after which the server gives up an endpoint that does not answer (C13). */
const stallMs = 25_000;

const numbers = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

/** Sends in one flight, and waits for all answers. */
async function flight(application: Application, elements: readonly string[]): Promise<void> {
  const { channel } = application;
  const msgnos = elements.map((xml) => application.message(channel, beepXml(xml)));
  for (const msgno of msgnos) {
    expect(readAnswer(await application.reply(channel, msgno))).toMatchObject({ name: 'ok' });
  }
}

/** The contents of the next deliveries. */
async function contents(application: Application, endpoint: string, count: number): Promise<string[]> {
  const found: string[] = [];
  while (found.length < count) found.push((await application.delivery(endpoint)).content);
  return found;
}

describe('data that one session sends to one endpoint', () => {
  it(
    '[3340 §4.4.4.1 step 5.3] arrives in the order in which it was sent, none lost and none twice',
    scene(async ({ join, fred, wilma }) => {
      const receiver = await join(fred);
      const application = await join(wilma);
      const sent = numbers(300).map((index) => `<n i='${index}'>${'x'.repeat((index * 37) % 500)}</n>`);
      await flight(
        application,
        sent.map((content) => dataElement(wilma, fred, content)),
      );
      expect(await contents(receiver, fred, 300)).toEqual(sent);
      expect(receiver.waiting(fred)).toEqual([]);
    }),
  );

  it(
    '[3340 §4.4.4.1 step 5.3] arrives in that order among data for other endpoints, known or not',
    scene(async ({ join, fred, wilma, barney, domain }) => {
      const recipients = [fred, subaddress(fred, 'a'), subaddress(fred, 'b')];
      const receivers = await Promise.all(recipients.map(join));
      const application = await join(wilma);
      const others = [barney, `nobody@${domain}`, subaddress(fred, 'absent')];
      await flight(
        application,
        numbers(90).map((index) => {
          const to = [recipients[index % 3] as string, others[index % 2] as string];
          return dataElement(wilma, index % 2 === 0 ? to : to.reverse(), `<n i='${index}' />`);
        }),
      );
      for (const [index, recipient] of recipients.entries()) {
        const expected = numbers(30).map((turn) => `<n i='${3 * turn + index}' />`);
        expect(await contents(receivers[index] as Application, recipient, 30)).toEqual(expected);
      }
    }),
  );

  it(
    '[3340 §4.4.4.1 step 5.3] is sent on while earlier data has no answer yet',
    scene(async ({ join, fred, wilma }) => {
      const receiver = await join(fred);
      receiver.acknowledges = false;
      const application = await join(wilma);
      await flight(
        application,
        numbers(20).map((index) => dataElement(wilma, fred, `<n i='${index}' />`)),
      );
      await contents(receiver, fred, 20);
      for (const message of receiver.unanswered) receiver.answer(message);
      receiver.acknowledges = true;
      await application.data(wilma, fred, '<last />');
      expect((await receiver.next(fred)).name).toBe('last');
    }),
  );

  it(
    '[3340 §4.4.4.1 step 5.3] waits for the window of its recipient, and comes whole when that opens',
    scene(async ({ join, fred, wilma }) => {
      const receiver = await join(fred);
      receiver.wire.opensWindows = false;
      const application = await join(wilma);
      const sent = numbers(12).map((index) => `<n i='${index}'>${'☃'.repeat(1000)}</n>`);
      await flight(
        application,
        sent.map((content) => dataElement(wilma, fred, content)),
      );
      const { channel } = receiver;
      expect(await contents(receiver, fred, 1)).toEqual(sent.slice(0, 1));
      receiver.wire.opensWindows = true;
      receiver.wire.openWindow(channel, initialWindow);
      expect(await contents(receiver, fred, 11)).toEqual(sent.slice(1));
    }),
  );
});

describe('a recipient that answers an error', () => {
  it(
    '[3340 §4.4.4.2 step 3] [3340 §4.4.4.1 step 5] [C4] stays attached, and nobody else notices',
    scene(async ({ join, fred, wilma }) => {
      const other = subaddress(fred, 'a');
      const refusing = await join(fred);
      refusing.acknowledges = false;
      const receiver = await join(other);
      const application = await join(wilma);
      for (const error of [
        "<error code='550' />",
        "<error code='451' xml:lang='de'>sp&#228;ter</error>",
        "<error code='537'></error>",
      ]) {
        expect((await application.data(wilma, [fred, other], '<hello />')).name).toBe('ok');
        const delivery = await refusing.delivery(fred);
        refusing.answer(delivery, error, 'ERR');
        expect((await receiver.next(other)).name).toBe('hello');
      }
      refusing.acknowledges = true;
      await application.data(wilma, fred, '<again />');
      expect((await refusing.next(fred)).name).toBe('again');
      expect(refusing.terminations).toEqual([]);
      expect((await refusing.data(fred, fred, '<self />')).name).toBe('ok');
    }),
  );

  it(
    '[B18] [3080 §2.2.2.1 rule 2] that makes no sense is detached, and the other recipients notice nothing',
    scene(async ({ join, fred, wilma }) => {
      const other = subaddress(fred, 'a');
      const refusing = await join(fred);
      refusing.acknowledges = false;
      const receiver = await join(other);
      const application = await join(wilma);
      await application.data(wilma, [fred, other], '<hello />');
      refusing.answer(await refusing.delivery(fred), '<error />', 'ERR');
      expect((await receiver.next(other)).name).toBe('hello');
      await refusing.until(() => refusing.closedByServer.includes(refusing.channel) || undefined, 'a close');
      // The session lives on; what was attached on the channel is free.
      expect((await refusing.manage("<close number='4711' code='200' />")).code).toBe(550);
      await join(fred);
      await application.data(wilma, other, '<again />');
      expect((await receiver.next(other)).name).toBe('again');
    }),
  );
});

describe('a recipient that is gone while data is on its way', () => {
  it(
    '[3340 §4.4.4.1 step 5.3] loses what it has not answered, and nobody else does',
    scene(async ({ join, fred, wilma }) => {
      const other = subaddress(fred, 'a');
      const leaving = await join(fred);
      leaving.acknowledges = false;
      const receiver = await join(other);
      const application = await join(wilma);
      for (const index of numbers(20)) {
        expect((await application.data(wilma, [fred, other], `<n i='${index}' />`)).name).toBe('ok');
        if (index === 10) leaving.wire.close();
      }
      expect(await contents(receiver, other, 20)).toEqual(numbers(20).map((index) => `<n i='${index}' />`));
    }),
  );
});

describe.runIf(isOwnServer)('an endpoint that does not answer data in time', () => {
  it(
    '[C13] is detached with terminate 451 and its session ends, while others are not delayed',
    scene(async ({ join, fred, wilma }) => {
      const live = subaddress(fred, 'live');
      const stalled = await join(fred);
      stalled.acknowledges = false;
      const receiver = await join(live);
      const application = await join(wilma);
      for (const index of numbers(5)) {
        await application.data(wilma, [fred, live], `<n i='${index}' />`);
        expect((await receiver.delivery(live)).content).toBe(`<n i='${index}' />`);
      }
      expect(stalled.terminations).toEqual([]);

      expect(await stalled.nextTermination(stallMs)).toMatchObject({ channel: stalled.channel, code: '451' });
      await stalled.wire.ending();
      // Its endpoint is free, and nothing of the past comes.
      expect((await application.data(wilma, fred, '<nobody />')).name).toBe('ok');
      const next = await join(fred);
      await application.data(wilma, fred, '<hello />');
      expect((await next.next(fred)).name).toBe('hello');
    }),
  );

  it(
    '[C13] is detached when it answers all but one, with all that its session is attached as',
    scene(async ({ join, fred, wilma }) => {
      const others = [subaddress(fred, 'a'), subaddress(fred, 'b')] as const;
      const stalled = await join(fred);
      const first = stalled.channel;
      await stalled.attach(others[0]);
      await stalled.startApex();
      await stalled.attach(others[1]);
      const application = await join(wilma);
      stalled.acknowledges = false;
      await application.data(wilma, fred, '<unanswered />');
      await stalled.delivery(fred);
      stalled.acknowledges = true;
      await application.data(wilma, others[1], '<answered />');
      expect((await stalled.next(others[1])).name).toBe('answered');

      const ended = [];
      while (ended.length < 3) ended.push(await stalled.nextTermination(stallMs));
      expect(ended.map(({ code }) => code)).toEqual(['451', '451', '451']);
      expect(ended.map(({ channel }) => channel).sort()).toEqual([first, first, stalled.channel]);
      await stalled.wire.ending();
    }),
  );
});

describe.runIf(isOwnServer)('an endpoint that does not read', () => {
  it('[C13] loses its session when more waits for it than the limit, while others are not delayed', async () => {
    // Nothing but the octets can be the reason.
    const server = await startServer({ deliverySeconds: 3600, unsentOctets: 50_000 });
    const cast = castOf('delivery', 0, server.domain);
    try {
      await server.provision(Object.values(cast), password, castEntries(cast));
      await perform(
        async ({ join, fred, wilma }) => {
          const live = subaddress(fred, 'live');
          const stalled = await join(fred);
          stalled.wire.opensWindows = false;
          const receiver = await join(live);
          const application = await join(wilma);
          const content = `<long>${'x'.repeat(10_000)}</long>`;
          for (const _ of numbers(10)) {
            expect((await application.data(wilma, [fred, live], content)).name).toBe('ok');
            expect((await receiver.delivery(live)).content).toBe(content);
          }
          await stalled.wire.ending();
          // No octet more than the window that it gave.
          expect(stalled.wire.received(stalled.channel)).toBeLessThanOrEqual(initialWindow);
          const next = await join(fred);
          await application.data(wilma, fred, '<hello />');
          expect((await next.next(fred)).name).toBe('hello');
        },
        cast,
        server,
      );
    } finally {
      await server.stop();
    }
  });
});

describe('a long message', () => {
  it(
    '[3340 §4.4.4.1] of 200,000 octets passes a window of 4096 octets whole, and data for others passes it by',
    scene(async ({ join, fred, wilma }) => {
      const other = subaddress(fred, 'a');
      const receiver = await join(fred);
      await receiver.startApex();
      await receiver.attach(other);
      const application = await join(wilma);
      const content = `<long>${'0123456789'.repeat(20_000)}</long>`;
      await flight(application, [dataElement(wilma, fred, content), dataElement(wilma, other, '<short />')]);
      expect((await receiver.next(other)).name).toBe('short');
      const delivered = (await receiver.delivery(fred)).content;
      expect(delivered.length).toBe(content.length);
      expect(digest(delivered)).toBe(digest(content));
    }),
  );

  it.runIf(isOwnServer)(
    '[3080 §2.6.3] over the limit is refused with 554, nothing of it is delivered, and the session lives on',
    scene(async ({ join, fred, wilma }) => {
      const receiver = await join(fred);
      const application = await join(wilma);
      const answer = await application.data(wilma, fred, `<lost>${'x'.repeat(300_000)}</lost>`);
      expect(answer).toMatchObject({ keyword: 'ERR', code: 554 });
      expect((await application.data(wilma, fred, '<hello />')).name).toBe('ok');
      expect((await receiver.next(fred)).name).toBe('hello');
    }),
  );
});
