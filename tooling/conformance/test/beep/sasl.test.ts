import { describe, expect, it } from 'vitest';
import {
  type Answer,
  type Application,
  anonymousProfile,
  base64,
  initializationAnswer,
  plainProfile,
  profileElement,
  readAnswer,
} from '../../src/application.ts';
import { password } from '../../src/provisioning.ts';
import { onWire, scenes, subaddress } from '../../src/scenes.ts';
import { isOwnServer } from '../../src/target.ts';
import { beepXml } from '../../src/wire.ts';
import { element, startTags } from '../../src/xml.ts';

const scene = scenes('sasl');

const message = (authentication: string, secret: string, authorization = ''): string =>
  base64(`${authorization}\0${authentication}\0${secret}`);

/** Starts a channel for PLAIN without a blob; returns its number. */
async function plainChannel(application: Application): Promise<number> {
  const channel = application.newChannel();
  const answer = await application.start(channel, profileElement(plainProfile));
  expect(answer).toMatchObject({ keyword: 'RPY', name: 'profile' });
  return channel;
}

/** Sends a blob as a MSG. */
async function blob(application: Application, channel: number, xml: string): Promise<Answer> {
  return readAnswer(await application.exchange(channel, beepXml(xml)));
}

function statusOf({ body }: Answer): string | undefined {
  return element(body, 'blob').attributes['status'];
}

/** The session is authenticated as that endpoint. */
async function expectAttaches(application: Application, endpoint: string): Promise<void> {
  expect((await application.startApex()).code).toBeUndefined();
  expect((await application.attach(endpoint)).name).toBe('ok');
}

async function expectNotAuthenticated(application: Application, endpoint: string): Promise<void> {
  const started = await application.startApex();
  // An APEX channel may be refused before that, or an attach on it.
  const answer = started.code === undefined ? await application.attach(endpoint) : started;
  expect([530, 537]).toContain(answer.code);
}

describe('PLAIN', () => {
  it(
    '[3080 §4.1.1] [3080 §4.1.3] takes its blob in the start and completes in the profile of the reply',
    scene(async ({ session, wilma }) => {
      const application = await session();
      const answer = await application.plain(wilma, password);
      expect(answer).toMatchObject({ keyword: 'RPY', name: 'blob' });
      expect(statusOf(answer)).toBe('complete');
      await expectAttaches(application, wilma);
    }),
  );

  it(
    '[3080 §4.1.1] [3080 §4.1.3 rule 1] [3080 §7.3] takes its blob in a MSG, with the status continue or without any',
    scene(async ({ session, wilma }) => {
      for (const status of ['', " status='continue'"]) {
        const application = await session();
        const channel = await plainChannel(application);
        const answer = await blob(application, channel, `<blob${status}>${message(wilma, password)}</blob>`);
        expect(answer.keyword).toBe('RPY');
        expect(statusOf(answer)).toBe('complete');
        await expectAttaches(application, status === '' ? wilma : subaddress(wilma, 'second'));
      }
    }),
  );

  it(
    '[3080 §4.1.2] may have white space around its base64',
    scene(async ({ session, wilma }) => {
      const application = await session();
      const channel = await plainChannel(application);
      const answer = await blob(application, channel, `<blob>\r\n  ${message(wilma, password)}\r\n</blob>`);
      expect(statusOf(answer)).toBe('complete');
    }),
  );

  it(
    '[3080 §4] holds for the session when its channel is closed',
    scene(async ({ session, wilma }) => {
      const application = await session();
      const channel = await plainChannel(application);
      await blob(application, channel, `<blob>${message(wilma, password)}</blob>`);
      expect((await application.closeChannel(channel)).name).toBe('ok');
      await expectAttaches(application, wilma);
    }),
  );

  it(
    '[3080 §4] holds for channels that were started before it',
    scene(async ({ session, wilma }) => {
      const application = await session();
      const started = await application.startApex();
      // A server may have no such channels.
      if (started.code !== undefined) return expect(started.code).toBe(530);
      expect([530, 537]).toContain((await application.attach(wilma)).code);
      await application.authenticate(wilma, password);
      expect((await application.attach(wilma)).name).toBe('ok');
    }),
  );

  it(
    '[B13] [B18] answers an unknown endpoint and a wrong password alike: 535 in the profile of a positive reply',
    scene(async ({ session, wilma, domain }) => {
      const application = await session();
      const wrong = await application.plain(wilma, `${password}.`);
      expect(wrong).toMatchObject({ keyword: 'RPY', name: 'error', code: 535 });
      expect(await application.plain(`nobody@${domain}`, password)).toEqual(wrong);
      expect(await application.plain('nobody@elsewhere.invalid', password)).toEqual(wrong);
      expect(await application.plain('no endpoint', password)).toEqual(wrong);
      await expectNotAuthenticated(application, wilma);
    }),
  );

  it(
    '[B13] [3080 §4.1.3] answers 535 with ERR to a MSG',
    scene(async ({ session, wilma, domain }) => {
      const application = await session();
      const attempt = async (name: string, secret: string): Promise<Answer> =>
        blob(application, await plainChannel(application), `<blob>${message(name, secret)}</blob>`);
      const wrong = await attempt(wilma, 'wrong');
      expect(wrong).toMatchObject({ keyword: 'ERR', name: 'error', code: 535 });
      expect(await attempt(`nobody@${domain}`, 'wrong')).toEqual(wrong);
    }),
  );

  it(
    '[3080 §4] may be tried again after a failure, on another channel',
    scene(async ({ session, wilma }) => {
      const application = await session();
      expect((await application.plain(wilma, 'wrong')).code).toBe(535);
      expect(statusOf(await application.plain(wilma, password))).toBe('complete');
      await expectAttaches(application, wilma);
    }),
  );

  it(
    '[C3] takes the own endpoint as the identity to act as',
    scene(async ({ session, wilma }) => {
      const application = await session();
      expect(statusOf(await application.plain(wilma, password, wilma))).toBe('complete');
      await expectAttaches(application, wilma);
    }),
  );

  it(
    '[C3] takes a domain in another letter case',
    scene(async ({ session, wilma, domain }) => {
      const application = await session();
      const other = wilma.replace(domain, domain.toUpperCase());
      expect(statusOf(await application.plain(other, password))).toBe('complete');
      await expectAttaches(application, wilma);
    }),
  );

  it(
    '[B13] answers 535 to who wants to act as somebody else',
    scene(async ({ session, fred, wilma }) => {
      const application = await session();
      expect((await application.plain(wilma, password, fred)).code).toBe(535);
      await expectNotAuthenticated(application, wilma);
    }),
  );

  for (const [name, octets] of [
    ['no NUL', 'wilma'],
    ['one NUL', '\0wilma'],
    ['three NULs', '\0wilma\0secret\0'],
    ['no name', '\0\0secret'],
    ['no password', '\0wilma\0'],
    ['octets that are no UTF-8', Buffer.from([0, 0xff, 0, 0x78])],
    ['a name of many octets', `\0${'x'.repeat(2000)}\0secret`],
  ] as const) {
    it(
      `[3080 §4.1.3] [B18] fails for a message with ${name}, and the session lives on`,
      onWire(async ({ session, domain }) => {
        const application = await session();
        const encoded = Buffer.from(octets as string).toString('base64');
        const answer = initializationAnswer(
          await application.start(11, profileElement(plainProfile, `<blob>${encoded}</blob>`)),
        );
        expect(answer).toMatchObject({ keyword: 'RPY', name: 'error', code: 501 });
        await expectNotAuthenticated(application, `nobody@${domain}`);
      }),
    );
  }

  for (const [name, xml, code] of [
    ['that is not base64', '<blob>*</blob>', 501],
    ['with another status', "<blob status='go'>AAAA</blob>", 501],
    ['that completes', "<blob status='complete' />", 501],
    ['that is another element', '<lump>AAAA</lump>', 501],
    ['that is not well formed', '<blob>AAAA', 500],
  ] as const) {
    it(
      `[3080 §7.3] [3080 §4.1.2] answers ${code} to a blob ${name}`,
      onWire(async ({ session }) => {
        const application = await session();
        const channel = await plainChannel(application);
        expect(await blob(application, channel, xml)).toMatchObject({ keyword: 'ERR', name: 'error', code });
      }),
    );
  }

  it(
    '[3080 §4.1.3] [3080 §4.1.3 rule 1] ends for a blob with the status abort, behind which another attempt may follow',
    scene(async ({ session, wilma }) => {
      const application = await session();
      const channel = await plainChannel(application);
      const answer = await blob(application, channel, "<blob status='abort' />");
      expect(answer).toMatchObject({ keyword: 'ERR', name: 'error' });
      // Nothing is in progress on this channel any more.
      const late = await blob(application, channel, `<blob>${message(wilma, password)}</blob>`);
      expect(late.keyword).toBe('ERR');
      await expectNotAuthenticated(application, wilma);
      expect(statusOf(await application.plain(wilma, password))).toBe('complete');
    }),
  );

  it(
    '[B17] [3080 §2] is not started while another attempt is in progress, but behind it',
    scene(async ({ session, wilma }) => {
      const application = await session();
      const channel = await plainChannel(application);
      const second = await application.start(91, profileElement(plainProfile));
      expect(second).toMatchObject({ keyword: 'ERR', code: 550 });
      expect((await application.closeChannel(channel)).name).toBe('ok');
      expect(statusOf(await application.plain(wilma, password))).toBe('complete');
    }),
  );
});

describe('after a successful authentication', () => {
  for (const profile of [plainProfile, anonymousProfile]) {
    it(
      `[B14] [3080 §4] ${profile} is refused, and the first identity stays`,
      scene(async ({ authenticated, fred, wilma }) => {
        const application = await authenticated(wilma);
        const again = await application.start(
          91,
          profileElement(profile, `<blob>${message(fred, password)}</blob>`),
        );
        expect(again).toMatchObject({ keyword: 'ERR', name: 'error' });
        await expectAttaches(application, wilma);
        expect((await application.attach(fred)).code).toBe(537);
      }),
    );
  }
});

describe('the greeting', () => {
  it(
    '[3080 §4.1.1] names a profile for each mechanism',
    onWire(async ({ session }) => {
      const { greeting } = await session();
      const mechanisms = startTags(greeting, 'profile')
        .map(({ attributes }) => attributes['uri'] ?? '')
        .filter((uri) => uri.includes('/SASL/'));
      expect(mechanisms).toContain(plainProfile);
      for (const uri of mechanisms) expect(uri).toMatch(/^http:\/\/iana\.org\/beep\/SASL\/[A-Z0-9_-]{1,20}$/);
    }),
  );
});

describe.runIf(isOwnServer)('ANONYMOUS', () => {
  for (const [name, xml] of [
    ['without trace information', '<blob />'],
    ['with a token', `<blob>${base64('sirhc')}</blob>`],
    ['with an address', `<blob>${base64('wilma@elsewhere.invalid')}</blob>`],
  ] as const) {
    it(
      `[B12] [3080 §4.1.3] ${name} completes, and attaches nobody`,
      scene(async ({ session, wilma }) => {
        const application = await session();
        const answer = initializationAnswer(
          await application.start(11, profileElement(anonymousProfile, xml)),
        );
        if (answer.name === 'blob' && statusOf(answer) !== 'complete') {
          const later = await blob(application, 11, xml);
          expect(statusOf(later)).toBe('complete');
        } else {
          expect(answer.name).toBe('blob');
        }
        await expectNotAuthenticated(application, wilma);
        const plain = await application.start(91, profileElement(plainProfile));
        expect(plain).toMatchObject({ keyword: 'ERR', name: 'error' });
      }),
    );
  }

  it(
    '[B18] fails for trace information that it cannot be',
    onWire(async ({ session }) => {
      const application = await session();
      const answer = initializationAnswer(
        await application.start(11, profileElement(anonymousProfile, `<blob>${base64('a\u0007b')}</blob>`)),
      );
      expect(answer).toMatchObject({ keyword: 'RPY', name: 'error', code: 501 });
    }),
  );
});

describe('without an authentication', () => {
  it(
    '[3080 §4] [3080 §9] nobody attaches',
    scene(async ({ session, wilma }) => {
      const application = await session();
      await expectNotAuthenticated(application, wilma);
    }),
  );
});
