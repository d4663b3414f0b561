import { describe, expect, it } from 'vitest';
import { type Application, apexProfile, profileElement, readAnswer } from '../../src/application.ts';
import { enact, onWire, type Scene, scenes, subaddress } from '../../src/scenes.ts';
import { startServer } from '../../src/server.ts';
import { isOwnServer } from '../../src/target.ts';
import { beepXml, patienceMs } from '../../src/wire.ts';

const scene = scenes('close');
const apex = profileElement(apexProfile);
const release = "<close number='0' code='200' />";

/** Wilma with a MSG of the server that she has not answered. */
async function withOpenExchange({ join, wilma }: Scene) {
  const application = await join(wilma);
  application.acknowledges = false;
  await application.data(wilma, wilma, '<hello />');
  const delivery = await application.delivery(wilma);
  return { application, delivery };
}

/** The server has ended the connection in order, and has said nothing more. */
async function expectReleased(application: Application): Promise<void> {
  expect(await application.wire.ending()).toEqual({ how: 'closed', unread: '' });
}

describe('the close of a channel', () => {
  it(
    '[3080 §2.3.1.3] [3080 §2.3.1.4] is agreed to by an empty ok without attributes',
    onWire(async ({ peer }) => {
      const application = await peer();
      await application.start(11, apex);
      const reply = await application.exchange(0, beepXml("<close number='11' code='200' />"));
      expect(reply.keyword).toBe('RPY');
      expect(reply.body).toMatch(/^\s*<ok\s*(?:\/>|><\/ok>)\s*$/);
    }),
  );

  it(
    '[3080 §2.3.1.3 rule 3] [3080 §2.3.1.3 rule 4] may carry a language and a text, and another code than 200',
    onWire(async ({ peer }) => {
      const application = await peer();
      await application.start(11, apex);
      const close = "<close number='11' code='550' xml:lang='de'>550, &lt;nicht&gt; schließen!</close>";
      expect((await application.manage(close)).name).toBe('ok');
    }),
  );

  it(
    '[B7] [3080 §2.3.1.3 rule 1] [3080 §2.3.1.5 rule 5] is refused with 550 when there is no such channel',
    onWire(async ({ peer }) => {
      const application = await peer();
      expect(await application.closeChannel(77)).toMatchObject({ keyword: 'ERR', code: 550 });
      await application.start(77, apex);
      expect((await application.closeChannel(77)).name).toBe('ok');
      expect(await application.closeChannel(77)).toMatchObject({ keyword: 'ERR', code: 550 });
    }),
  );

  it(
    '[3080 §2.3.1.3 rule 7] [3080 §2.3.1.3 rule 8] comes behind the replies to all MSGs of the channel',
    scene(async ({ join, wilma }) => {
      const application = await join(wilma);
      const { channel } = application;
      const msgnos = Array.from({ length: 20 }, () =>
        application.message(channel, beepXml(`<terminate transID='4711' />`)),
      );
      const close = application.message(0, beepXml(`<close number='${channel}' code='200' />`));
      expect(readAnswer(await application.reply(0, close)).name).toBe('ok');
      const order = application.replyOrder.slice(-21);
      expect(order).toEqual([...msgnos.map((msgno) => `${channel} ${msgno}`), `0 ${close}`]);
    }),
  );

  it(
    '[3080 §2.3.1.3 rule 6] [B10] is agreed to when the MSGs of the server have their replies, not before',
    scene(async (s) => {
      const { application, delivery } = await withOpenExchange(s);
      await application.startApex();
      const close = application.message(0, beepXml(`<close number='${delivery.channel}' code='200' />`));
      // Behind the close by the order of the octets; another channel, so that it does not wait with it.
      expect((await application.terminate(4711)).keyword).toBe('ERR');
      expect(application.hasReply(0, close)).toBe(false);
      application.answer(delivery);
      expect(readAnswer(await application.reply(0, close)).name).toBe('ok');
    }),
  );

  it(
    '[B10] ends the attachments of the channel, and of no other',
    scene(async ({ join, fred, wilma }) => {
      const application = await join(wilma);
      const first = application.channel;
      await application.startApex();
      expect((await application.attach(subaddress(wilma, 'other'))).name).toBe('ok');
      expect((await application.closeChannel(first)).name).toBe('ok');
      // The endpoint is free for another session, and the other channel still originates as what it attached.
      await join(wilma);
      expect((await application.data(subaddress(wilma, 'other'), fred, '<hello />')).name).toBe('ok');
    }),
  );
});

describe('the release of a session', () => {
  it(
    '[3080 §2.4] [3081 §2] [B10] is agreed to by ok, behind which the server closes the connection',
    onWire(async ({ session }) => {
      const application = await session();
      expect((await application.manage(release)).name).toBe('ok');
      await expectReleased(application);
    }),
  );

  it(
    '[3080 §2.3.1.3 rule 1] is a close without a number',
    onWire(async ({ session }) => {
      const application = await session();
      expect((await application.manage("<close code='200' />")).name).toBe('ok');
      await expectReleased(application);
    }),
  );

  it(
    '[3080 §2.4] [3080 §2.3.1.3 rule 7] closes channels that are open, behind the replies that they owe',
    scene(async ({ join, wilma }) => {
      const application = await join(wilma);
      const { channel } = application;
      for (const number of [21, 23, 25]) await application.start(number, apex);
      const msgnos = [1, 2, 3].map(() =>
        application.message(channel, beepXml("<terminate transID='4711' />")),
      );
      const close = application.message(0, beepXml(release));
      expect(readAnswer(await application.reply(0, close)).name).toBe('ok');
      for (const msgno of msgnos) expect((await application.reply(channel, msgno)).keyword).toBe('ERR');
      expect(application.replyOrder.at(-1)).toBe(`0 ${close}`);
      await expectReleased(application);
    }),
  );

  it(
    '[3080 §2.4] [3080 §2.3.1.3 rule 6] [3080 §2.3.1.3 rule 12] [B10] waits for the replies to MSGs of the server, and takes MSGs meanwhile',
    scene(async (s) => {
      const { application, delivery } = await withOpenExchange(s);
      const { channel } = application;
      const close = application.message(0, beepXml(release));
      const request = application.message(channel, beepXml("<terminate transID='4711' />"));
      expect((await application.reply(channel, request)).keyword).toBe('ERR');
      expect(application.hasReply(0, close)).toBe(false);
      application.answer(delivery);
      expect(readAnswer(await application.reply(0, close)).name).toBe('ok');
      await expectReleased(application);
    }),
  );

  it(
    '[3080 §2.4] [B10] ends the attachments of the session',
    scene(async ({ join, wilma }) => {
      const application = await join(wilma);
      expect((await application.manage(release)).name).toBe('ok');
      await application.wire.ending();
      const again = await join(wilma);
      await again.data(wilma, wilma, '<again />');
      expect((await again.next(wilma)).name).toBe('again');
    }),
  );

  it(
    '[3081 §2] [B10] is not needed for that: a connection that just ends does the same',
    scene(async ({ join, authenticated, wilma }) => {
      const application = await join(wilma);
      const other = await authenticated(wilma);
      await other.startApex();
      expect(await other.attach(wilma)).toMatchObject({ keyword: 'ERR', code: 554 });
      application.wire.close();
      // When the server notices is its own affair.
      const until = Date.now() + patienceMs;
      let answer = await other.attach(wilma);
      while (answer.code === 554 && Date.now() < until) answer = await other.attach(wilma);
      expect(answer.name).toBe('ok');
    }),
  );

  it.runIf(isOwnServer)(
    '[3080 §2.4] [3081 §2] [3080 §2.3.1.3 rule 10] is asked for by a server that stops, and closes the connection once it is agreed to',
    async () => {
      const server = await startServer();
      try {
        await enact(async ({ session }) => {
          const application = await session();
          await application.start(11, apex);
          await server.stop();
          expect(application.closedByServer).toEqual([0]);
          await expectReleased(application);
        }, server);
      } finally {
        await server.stop();
      }
    },
  );
});
