import { describe, expect, it } from 'vitest';
import { Application, apexProfile, plainProfile } from '../../src/application.ts';
import { enact, onWire } from '../../src/scenes.ts';
import { startServer } from '../../src/server.ts';
import { isOwnServer } from '../../src/target.ts';
import { beepXml, patienceMs, type Wire } from '../../src/wire.ts';
import { element, startTags } from '../../src/xml.ts';

const greeting = beepXml('<greeting />');
const unknownStart = (number: number): string =>
  beepXml(`<start number='${number}'><profile uri='urn:x-conformance:nothing' /></start>`);

/** The session is one: a start is answered. */
async function expectAnswers(wire: Wire, msgno = 1): Promise<void> {
  wire.frame('MSG', 0, msgno, unknownStart(1));
  expect(await wire.nextMessage()).toMatchObject({ keyword: 'ERR', channel: 0, msgno });
}

describe('the greeting of the server', () => {
  it(
    '[3080 §2.3.1.1] comes at once as positive reply number 0, whether the peer greets or not',
    onWire(async ({ silent }) => {
      const wire = await silent();
      const message = await wire.nextMessage();
      expect(message).toMatchObject({ keyword: 'RPY', channel: 0, msgno: 0 });
      expect(element(message.body).name).toBe('greeting');
    }),
  );

  it(
    '[3080 §2.3.1.1 rule 3] names each profile once, without an initialization',
    onWire(async ({ session }) => {
      const { greeting } = await session();
      const { inner } = element(greeting, 'greeting');
      const uris = startTags(inner, 'profile').map(({ attributes }) => attributes['uri']);
      expect(uris).toEqual(expect.arrayContaining([plainProfile, apexProfile]));
      expect(new Set(uris).size).toBe(uris.length);
      expect(inner.replace(/<profile [^>]*\/>|<profile [^>]*><\/profile>|\s/g, '')).toBe('');
    }),
  );

  it(
    '[3080 §2.3] is followed by management on channel zero, which no start has to create',
    onWire(async ({ silent }) => {
      const wire = await silent();
      await wire.nextMessage();
      wire.frame('RPY', 0, 0, greeting);
      await expectAnswers(wire);
    }),
  );
});

describe('the greeting of the peer', () => {
  it(
    '[3080 §2.3.1.1] may leave together with the first start, before anything was read',
    onWire(async ({ silent }) => {
      const wire = await silent();
      wire.frame('RPY', 0, 0, greeting);
      wire.frame('MSG', 0, 1, unknownStart(1));
      expect((await wire.nextMessage()).msgno).toBe(0);
      expect(await wire.nextMessage()).toMatchObject({ keyword: 'ERR', msgno: 1 });
    }),
  );

  it(
    '[3080 §2.3.1.1] [3080 §2.2.1] may come octet by octet',
    onWire(async ({ silent }) => {
      const wire = await silent();
      for (const octet of `RPY 0 0 . 0 ${greeting.length}\r\n${greeting}END\r\n`) wire.raw(octet);
      const start = unknownStart(1);
      for (const octet of `MSG 0 1 . ${greeting.length} ${start.length}\r\n${start}END\r\n`) wire.raw(octet);
      expect((await wire.nextMessage()).msgno).toBe(0);
      expect(await wire.nextMessage()).toMatchObject({ keyword: 'ERR', msgno: 1 });
    }),
  );

  it(
    '[3080 §2.2.1.1 rule 13] may be cut into frames, empty ones among them',
    onWire(async ({ silent }) => {
      const wire = await silent();
      await wire.nextMessage();
      wire.frame('RPY', 0, 0, greeting.slice(0, 20), { more: true });
      wire.frame('RPY', 0, 0, '', { more: true });
      wire.frame('RPY', 0, 0, greeting.slice(20));
      await expectAnswers(wire);
    }),
  );

  it(
    '[3080 §2.3.1.1 rule 1] [3080 §7.1] may have features that nobody knows, and profiles of its own',
    onWire(async ({ silent }) => {
      const wire = await silent();
      await wire.nextMessage();
      const mine = "<greeting features='x-one x-two'><profile uri='urn:x-conformance:mine' /></greeting>";
      wire.frame('RPY', 0, 0, beepXml(mine));
      await expectAnswers(wire);
    }),
  );

  it(
    '[3080 §2.3.1.1 rule 2] [3080 §2.3.1.5 rule 2] makes diagnostics in another language than the wanted one name theirs',
    onWire(async ({ silent }) => {
      const wire = await silent();
      await wire.nextMessage();
      wire.frame('RPY', 0, 0, beepXml("<greeting localize='tlh' />"));
      wire.frame('MSG', 0, 1, unknownStart(1));
      const { attributes, inner } = element((await wire.nextMessage()).body, 'error');
      expect(inner === '' || attributes['xml:lang'] !== undefined).toBe(true);
    }),
  );

  it(
    '[3080 §2.3.1.1] ends the session when a MSG comes in its place',
    onWire(async ({ silent }) => {
      const wire = await silent();
      await wire.nextMessage();
      wire.frame('MSG', 0, 1, unknownStart(1));
      expect((await wire.ending()).unread).toBe('');
    }),
  );
});

it.runIf(isOwnServer)(
  '[3080 §2.4] [3080 §2.3.1.5 rule 6] a server without room greets with an error 421 and ends the session, until there is room',
  async () => {
    const server = await startServer({ connections: 2 });
    try {
      await enact(async ({ session, silent }) => {
        const first = await session();
        await session();
        // It is told before anything else, TLS too.
        const refused = await silent({ isProtected: false });
        refused.frame('RPY', 0, 0, greeting);
        const message = await refused.nextMessage();
        expect(message).toMatchObject({ keyword: 'ERR', channel: 0, msgno: 0 });
        expect(element(message.body, 'error').attributes['code']).toBe('421');
        expect((await refused.ending()).unread).toBe('');

        expect((await first.manage("<close number='0' code='200' />")).name).toBe('ok');
        await first.wire.ending();
        expect(await isGreeted(server)).toBe(true);
      }, server);
    } finally {
      await server.stop();
    }
  },
);

/** Whether the server takes a session, now or when it has noticed that another one is over. */
async function isGreeted(at: Parameters<typeof Application.open>[0]): Promise<boolean> {
  for (const until = Date.now() + patienceMs; Date.now() < until; ) {
    const application = await Application.open(at).catch(() => undefined);
    application?.wire.close();
    if (application !== undefined) return true;
  }
  return false;
}
