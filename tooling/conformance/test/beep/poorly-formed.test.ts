import { describe, expect, it } from 'vitest';
import { newTransID } from '../../src/application.ts';
import { onWire, type Scene, type Stage, scenes } from '../../src/scenes.ts';
import { beepXml, initialWindow, type Wire } from '../../src/wire.ts';

const scene = scenes('beep');

/** The server ends the connection, aborts it (B1), and sends nothing behind what came before. */
async function expectAbort(wire: Wire): Promise<void> {
  expect(await wire.ending()).toEqual({ how: 'aborted', unread: '' });
}

/** Octets on a session with both greetings exchanged; 50 octets were sent on channel zero. */
async function afterGreeting({ wire }: Stage, octets: string): Promise<void> {
  const session = await wire();
  expect(session.nextSeqno(0)).toBe(50);
  session.raw(octets);
  await expectAbort(session);
}

describe('frames that are poorly formed by themselves', () => {
  const start = beepXml("<start number='1'><profile uri='http://iana.org/beep/SASL/PLAIN' /></start>");
  const size = start.length;

  for (const keyword of ['FOO', 'msg', 'Msg', 'MSX', 'SQE', 'EN', '\r\n']) {
    it(
      `[3080 §2.2.1.1 rule 1] [B1] [B4] ends the session for the keyword ${JSON.stringify(keyword)}`,
      onWire((s) => afterGreeting(s, `${keyword} 0 1 . 50 ${size}\r\n${start}END\r\n`)),
    );
  }

  const wrongHeaders: Readonly<Record<string, string>> = {
    'two spaces': `MSG  0 1 . 50 ${size}`,
    'a tabulator': `MSG\t0 1 . 50 ${size}`,
    'a space at the end': `MSG 0 1 . 50 ${size} `,
    'a parameter missing': `MSG 0 1 . ${size}`,
    'a parameter too many': `MSG 0 1 . 50 ${size} 0`,
    'a negative number': `MSG 0 -1 . 50 ${size}`,
    'a plus sign': `MSG 0 +1 . 50 ${size}`,
    'a hexadecimal number': `MSG 0 0x1 . 50 ${size}`,
    'a fraction': `MSG 0 1.0 . 50 ${size}`,
    'a wrong continuation indicator': `MSG 0 1 , 50 ${size}`,
    'no continuation indicator': `MSG 0 1 50 ${size}`,
    'a channel number of 2^31': `MSG 2147483648 1 . 50 ${size}`,
    'a message number of 2^31': `MSG 0 2147483648 . 50 ${size}`,
    'a sequence number of 2^32': `MSG 0 1 . 4294967296 ${size}`,
    'a size of 2^31': 'MSG 0 1 . 50 2147483648',
    'an ANS without ansno': `ANS 0 1 . 50 ${size}`,
    'a line feed alone': `MSG 0 1 . 50 ${size}\n`,
    'octets that are no ASCII': `MSG 0 \u0661 . 50 ${size}`,
  };
  for (const [name, header] of Object.entries(wrongHeaders)) {
    it(
      `[3080 §2.2.1.1 rule 2] [3080 §2.2.1] ends the session for a header with ${name}`,
      onWire((s) => afterGreeting(s, `${header}\r\n${start}END\r\n`)),
    );
  }

  it(
    '[B5] ends the session for an ansno of 2^31',
    onWire((s) => afterGreeting(s, 'ANS 0 1 . 50 0 2147483648\r\nEND\r\n')),
  );

  for (const [name, header] of [
    ['a number of eleven digits', 'MSG 0 00000000001'],
    ['a header without end', `MSG 0 1 . 50 ${'9'.repeat(60)}`],
    ['a SEQ with a number of eleven digits', 'SEQ 0 00000000000'],
  ] as const) {
    it(
      `[B4] ends the session for ${name}, before the end of the line`,
      onWire((s) => afterGreeting(s, header)),
    );
  }

  it(
    '[3080 §2.2.1.1 rule 3] ends the session for a channel that does not exist',
    onWire((s) => afterGreeting(s, 'MSG 1 1 . 0 0\r\nEND\r\n')),
  );

  it(
    '[3080 §2.2.1.1 rule 6] ends the session for a reply to a MSG that was never sent',
    onWire((s) => {
      const ok = beepXml('<ok />');
      return afterGreeting(s, `RPY 0 1 . 50 ${ok.length}\r\n${ok}END\r\n`);
    }),
  );

  it(
    '[3080 §2.2.1.1 rule 6] ends the session for a second greeting',
    onWire((s) => {
      const greeting = beepXml('<greeting />');
      return afterGreeting(s, `RPY 0 0 . 50 ${greeting.length}\r\n${greeting}END\r\n`);
    }),
  );

  it(
    '[3080 §2.2.1.1 rule 9] ends the session for another message inside an unfinished one',
    onWire((s) => afterGreeting(s, 'MSG 0 1 * 50 0\r\nEND\r\nMSG 0 2 . 50 0\r\nEND\r\n')),
  );

  it(
    '[3080 §2.2.1.1 rule 7] ends the session for a message that goes on under another keyword',
    onWire((s) => afterGreeting(s, 'MSG 0 1 * 50 0\r\nEND\r\nERR 0 1 . 50 0\r\nEND\r\n')),
  );

  for (const seqno of [49, 51, 0, 4294967295]) {
    it(
      `[3080 §2.2.1.1 rule 10] [3080 §2.2.1.2] ends the session for sequence number ${seqno} in place of 50`,
      onWire((s) => afterGreeting(s, `MSG 0 1 . ${seqno} ${size}\r\n${start}END\r\n`)),
    );
  }

  for (const [name, trailer] of [
    ['another word', 'ENX\r\n'],
    ['lower case', 'end\r\n'],
    ['a line feed alone', 'END\n\n'],
    ['a payload longer than its size', 'XEND\r\n'],
    ['a payload shorter than its size', 'ND\r\nMSG'],
  ] as const) {
    it(
      `[3080 §2.2.1.3] ends the session for a trailer that is ${name}`,
      onWire((s) => afterGreeting(s, `MSG 0 1 . 50 ${size}\r\n${start}${trailer}`)),
    );
  }

  for (const [name, frame] of [
    ['too few parameters', 'SEQ 0 0'],
    ['too many parameters', 'SEQ 0 0 4096 0'],
    ['a word for a number', 'SEQ 0 zero 4096'],
    ['a window of 2^31', 'SEQ 0 0 2147483648'],
    ['an acknowledgement number of 2^32', 'SEQ 0 4294967296 4096'],
    ['a channel that never existed', 'SEQ 5 0 4096'],
    ['two spaces', 'SEQ 0  0 4096'],
  ] as const) {
    it(
      `[3081 §3.1.3] ends the session for a SEQ with ${name}`,
      onWire((s) => afterGreeting(s, `${frame}\r\n`)),
    );
  }

  it(
    '[B3] [3081 §3.1.3] ends the session for a SEQ that acknowledges octets never sent',
    onWire(async ({ wire }) => {
      const session = await wire();
      session.raw(`SEQ 0 ${session.received(0) + 1} 4096\r\n`);
      await expectAbort(session);
    }),
  );

  it(
    '[B3] [3081 §3.1.3] ends the session for a SEQ that takes back an acknowledgement',
    onWire(async ({ wire }) => {
      const session = await wire();
      session.raw(`SEQ 0 ${session.received(0)} 4096\r\nSEQ 0 ${session.received(0) - 1} 4096\r\n`);
      await expectAbort(session);
    }),
  );

  it(
    '[B2] [3081 §3.1.1] ends the session at a header whose size passes the window, without waiting for the payload',
    onWire(async ({ wire }) => {
      const session = await wire();
      session.raw(`MSG 0 1 . 50 ${Math.max(session.windowLeft(0), initialWindow) + 1}\r\n`);
      await expectAbort(session);
    }),
  );

  for (const [name, frame] of [
    ['the body is no XML', `RPY 0 0 . 0 42\r\n${beepXml('<gre')}END\r\n`],
    ['the element is another one', `RPY 0 0 . 0 44\r\n${beepXml('<ok />')}END\r\n`],
    ['it is negative', `ERR 0 0 . 0 58\r\n${beepXml("<error code='421' />")}END\r\n`],
  ] as const) {
    it(
      `[3080 §2.2.2.1 rule 1] ends the session for a greeting when ${name}`,
      onWire(async ({ silent }) => {
        const fresh = await silent();
        await fresh.nextMessage();
        fresh.raw(frame);
        expect((await fresh.ending()).unread).toBe('');
      }),
    );
  }
});

describe('frames that the state of a channel makes poorly formed', () => {
  it(
    '[3080 §2.2.1.1 rule 4] [3080 §2.2.1.1 rule 12] ends the session for the number of a MSG whose reply has not left completely',
    onWire(async ({ wire }) => {
      const session = await wire();
      session.opensWindows = false;
      // Replies to these pass the window that the server has, so that the last ones cannot leave.
      for (let msgno = 1; msgno <= 150; msgno += 1) session.frame('MSG', 0, msgno, '\r\n');
      session.frame('MSG', 0, 150, '\r\n');
      const { how } = await session.ending();
      expect(how).toBe('aborted');
      expect(session.received(0)).toBeLessThanOrEqual(initialWindow);
    }),
  );

  /** Wilma gets data from herself and has not answered it. */
  async function withOpenExchange({ join, wilma }: Scene) {
    const application = await join(wilma);
    application.acknowledges = false;
    await application.data(wilma, wilma, '<hello />');
    const { channel, msgno } = await application.delivery(wilma);
    const reply = (frames: string): void =>
      application.wire.raw(frames.replaceAll('@', `${channel} ${msgno}`));
    return {
      application,
      wire: application.wire,
      channel,
      msgno,
      reply,
      seqno: application.wire.nextSeqno(channel),
    };
  }
  const ok = beepXml('<ok />');

  it(
    '[3080 §2.2.1.1 rule 5] ends the session for a second reply to the same MSG',
    scene(async (s) => {
      const { wire, reply, seqno } = await withOpenExchange(s);
      reply(`RPY @ . ${seqno} 44\r\n${ok}END\r\nRPY @ . ${seqno + 44} 44\r\n${ok}END\r\n`);
      expect((await wire.ending()).how).toBe('aborted');
    }),
  );

  it(
    '[3080 §2.2.1.1 rule 7] ends the session for a reply that goes on under another keyword',
    scene(async (s) => {
      const { wire, reply, seqno } = await withOpenExchange(s);
      reply(`RPY @ * ${seqno} 44\r\n${ok}END\r\nERR @ . ${seqno + 44} 0\r\nEND\r\n`);
      await expectAbort(wire);
    }),
  );

  it(
    '[3080 §2.2.1.1 rule 8] ends the session for a NUL behind a frame other than ANS',
    scene(async (s) => {
      const { wire, reply, seqno } = await withOpenExchange(s);
      reply(`RPY @ * ${seqno} 44\r\n${ok}END\r\nNUL @ . ${seqno + 44} 0\r\nEND\r\n`);
      await expectAbort(wire);
    }),
  );

  it(
    '[3080 §2.2.1.1 rule 9] ends the session for a MSG inside an unfinished reply',
    scene(async (s) => {
      const { wire, reply, seqno, channel } = await withOpenExchange(s);
      reply(`RPY @ * ${seqno} 44\r\n${ok}END\r\nMSG ${channel} 77 . ${seqno + 44} 0\r\nEND\r\n`);
      await expectAbort(wire);
    }),
  );

  for (const [name, frame] of [
    ['is to be continued', 'NUL @ * # 0\r\nEND\r\n'],
    ['has a payload', 'NUL @ . # 1\r\nxEND\r\n'],
  ] as const) {
    it(
      `[3080 §2.2.1.1 rule 11] [B17] ends the session for a NUL that ${name}`,
      scene(async (s) => {
        const { wire, reply, seqno } = await withOpenExchange(s);
        reply(frame.replace('#', String(seqno)));
        await expectAbort(wire);
      }),
    );
  }

  it(
    '[3080 §2.2.1.1 rule 3] ends the session for a frame on a channel that was closed',
    scene(async ({ join, wilma }) => {
      const application = await join(wilma);
      expect((await application.closeChannel(application.channel)).name).toBe('ok');
      application.wire.raw(
        `MSG ${application.channel} 9 . ${application.wire.nextSeqno(application.channel)} 0\r\nEND\r\n`,
      );
      await expectAbort(application.wire);
    }),
  );

  it(
    '[B2] ends the session for octets beyond the window of an APEX channel',
    scene(async ({ join, wilma }) => {
      const { wire, channel } = await join(wilma);
      const beyond = Math.max(wire.windowLeft(channel), 2 ** 31 - 2) + 1;
      wire.raw(`MSG ${channel} 9 . ${wire.nextSeqno(channel)} ${Math.min(beyond, 2 ** 31 - 1)}\r\n`);
      await expectAbort(wire);
    }),
  );

  it(
    '[3080 §2.2.1.1 rule 15] ends the attachments of the session with it, and disturbs no other session',
    scene(async ({ join, wilma, fred }) => {
      const other = await join(fred);
      const application = await join(wilma);
      application.wire.raw('FOO\r\n');
      await expectAbort(application.wire);
      await other.data(fred, fred, '<still-here />');
      expect((await other.next(fred)).name).toBe('still-here');
      expect((await (await join(wilma)).data(wilma, wilma, '<back />')).name).toBe('ok');
      expect(newTransID()).toBeGreaterThan(0);
    }),
  );
});
