import { describe, expect, it } from 'vitest';
import {
  apexProfile,
  attachElement,
  dataElement,
  newTransID,
  profileElement,
} from '../../src/application.ts';
import { onWire, scenes, subaddress } from '../../src/scenes.ts';
import { override, unattached, unknownOption } from './attaching.ts';

const scene = scenes('attach');

describe('attach', () => {
  it(
    '[3340 §4.4.1] [3340 §4.4.1 step 6] [3340 §4.3] is answered by an empty ok, and data comes on its channel',
    scene(async (s) => {
      const application = await unattached(s, s.wilma);
      const answer = await application.attach(s.wilma);
      expect(answer).toMatchObject({ keyword: 'RPY', name: 'ok' });
      expect(answer.body).toMatch(/^\s*<ok\s*(?:\/>|><\/ok>)\s*$/);
      expect((await application.data(s.wilma, s.wilma, '<hello />')).name).toBe('ok');
      expect(await application.delivery(s.wilma)).toMatchObject({ channel: application.channel });
    }),
  );

  it(
    '[3340 §4.4.1] [3340 §2.1] may stand several times on one session and on one channel, for several endpoints',
    scene(async (s) => {
      const application = await unattached(s, s.wilma);
      const others = ['a', 'b', 'c'].map((name) => subaddress(s.wilma, name));
      for (const endpoint of [s.wilma, ...others]) {
        expect((await application.attach(endpoint)).name).toBe('ok');
      }
      for (const endpoint of others) {
        expect((await application.data(s.wilma, endpoint, '<hello />')).name).toBe('ok');
        expect((await application.delivery(endpoint)).recipients).toEqual([endpoint]);
      }
    }),
  );

  it(
    '[3340 §4.4.1 step 1] [3340 §10] is refused with 555 while its transID is in use on the channel',
    scene(async (s) => {
      const application = await unattached(s, s.wilma);
      expect((await application.attach(s.wilma, 7)).name).toBe('ok');
      for (const endpoint of [s.wilma, subaddress(s.wilma, 'a')]) {
        expect(await application.attach(endpoint, 7)).toMatchObject({ keyword: 'ERR', code: 555 });
      }
      // The first one is as it was.
      await application.data(s.wilma, s.wilma, '<hello />');
      expect((await application.next(s.wilma)).name).toBe('hello');
      expect((await application.terminate(7)).name).toBe('ok');
      expect((await application.attach(s.wilma, 7)).name).toBe('ok');
    }),
  );

  it(
    '[3340 §4.4.1 step 1] comes before the checks of domain, authority and options',
    scene(async (s) => {
      const application = await unattached(s, s.wilma);
      await application.attach(s.wilma, 7);
      for (const [endpoint, options] of [
        ['wilma@elsewhere.invalid', ''],
        [s.fred, ''],
        [s.wilma, unknownOption],
      ] as const) {
        expect((await application.attach(endpoint, 7, options)).code).toBe(555);
      }
    }),
  );

  it(
    '[3340 §4.4.2 step 1] [3340 §10] keeps its transID from a bind on the channel, which is refused with 555',
    scene(async (s) => {
      const application = await unattached(s, s.wilma);
      await application.attach(s.wilma, 7);
      for (const options of ['', unknownOption]) {
        const bind = `<bind relay='${s.domain}' transID='7'>${options}</bind>`;
        expect(await application.request(bind)).toMatchObject({ keyword: 'ERR', code: 555 });
      }
      expect((await application.request(`<bind relay='${s.domain}' transID='8' />`)).code).toBe(537);
      expect((await application.data(s.wilma, s.fred, '<hello />')).name).toBe('ok');
    }),
  );

  it(
    '[3340 §6.1.1 rule 1] [C1] may use a transID that is in use on another channel',
    scene(async (s) => {
      const application = await unattached(s, s.wilma);
      const first = application.channel;
      await application.attach(s.wilma, 7);
      await application.startApex();
      expect((await application.attach(subaddress(s.wilma, 'a'), 7)).name).toBe('ok');
      // Each transID stands for the operation of its own channel.
      expect((await application.terminate(7, first)).name).toBe('ok');
      expect((await application.data(subaddress(s.wilma, 'a'), s.fred, '<hello />')).name).toBe('ok');
      expect((await application.data(s.wilma, s.fred, '<hello />')).code).toBe(537);
    }),
  );

  it(
    '[3340 §4.4.1 step 1] leaves the transID of a refused attach free',
    scene(async (s) => {
      const application = await unattached(s, s.wilma);
      expect((await application.attach(s.fred, 7)).code).toBe(537);
      expect((await application.terminate(7)).code).toBe(550);
      expect((await application.attach(s.wilma, 7)).name).toBe('ok');
    }),
  );

  it(
    '[3340 §4.4.1] takes the transIDs 1 and 2147483647',
    scene(async (s) => {
      const application = await unattached(s, s.wilma);
      expect((await application.attach(s.wilma, 1)).name).toBe('ok');
      expect((await application.attach(subaddress(s.wilma, 'a'), 2 ** 31 - 1)).name).toBe('ok');
      expect((await application.terminate(2 ** 31 - 1)).name).toBe('ok');
    }),
  );

  it(
    '[3340 §4.4.1 step 2] is refused with 553 for an endpoint of another domain, a subdomain and a parent domain',
    onWire(async ({ peer, domain }) => {
      const application = await peer();
      await application.startApex();
      for (const other of [
        'elsewhere.invalid',
        `sub.${domain}`,
        domain.slice(domain.indexOf('.') + 1),
        '[192.0.2.1]',
      ]) {
        expect(await application.attach(`peer@${other}`), other).toMatchObject({ keyword: 'ERR', code: 553 });
      }
    }),
  );

  it(
    '[3340 §4.4.1 step 2] comes before authority and options',
    onWire(async ({ session }) => {
      const application = await session();
      await application.startApex();
      const answer = await application.attach('fred@elsewhere.invalid', newTransID(), unknownOption);
      expect(answer.code).toBe(553);
    }),
  );

  it(
    '[3340 §4.4.1 step 5] is refused with 554 while another application is attached as the endpoint',
    scene(async (s) => {
      const first = await s.join(s.wilma);
      const second = await unattached(s, s.wilma);
      expect(await second.attach(s.wilma, 7)).toMatchObject({ keyword: 'ERR', code: 554 });
      await first.data(s.wilma, s.wilma, '<hello />');
      expect((await first.next(s.wilma)).name).toBe('hello');
      expect((await second.data(s.wilma, s.wilma, '<hello />')).code).toBe(537);
      expect((await first.terminate(0)).name).toBe('ok');
      expect((await second.attach(s.wilma, 7)).name).toBe('ok');
    }),
  );

  it(
    '[3340 §4.4.1 step 5] is granted to one of several applications that ask at the same time',
    scene(async (s) => {
      const applications = await Promise.all([1, 2, 3, 4].map(() => unattached(s, s.wilma)));
      const answers = await Promise.all(applications.map((application) => application.attach(s.wilma)));
      expect(answers.map(({ code }) => code ?? 0).sort()).toEqual([0, 554, 554, 554]);
      const winner = answers.findIndex(({ name }) => name === 'ok');
      await applications[winner]?.data(s.wilma, s.wilma, '<hello />');
      expect((await applications[winner]?.next(s.wilma))?.name).toBe('hello');
    }),
  );

  it(
    '[3340 §4.4.1 step 4] comes before step 5: an option that must be understood and is not is 504',
    scene(async (s) => {
      await s.join(s.wilma);
      const application = await unattached(s, s.wilma);
      expect(await application.attach(s.wilma, 7, unknownOption)).toMatchObject({
        keyword: 'ERR',
        code: 504,
      });
      expect((await application.terminate(7)).code).toBe(550);
    }),
  );
});

describe('an option of attach', () => {
  it(
    '[3340 §5 rule 16] is ignored when it is unknown and need not be understood',
    scene(async (s) => {
      const application = await unattached(s, s.wilma);
      const options =
        "<option internal='no-such-option' transID='5' />" +
        "<option external='http://example.com/unknown' mustUnderstand='false' transID='6'><x y='1'>z</x></option>";
      expect((await application.attach(s.wilma, 7, options)).name).toBe('ok');
    }),
  );

  it(
    '[3340 §5 rule 10] [3340 §5 rule 16] that must be understood and is not is 504 whatever its targetHop says',
    scene(async (s) => {
      const application = await unattached(s, s.wilma);
      for (const targetHop of ['this', 'final', 'all']) {
        const option = `<option internal='no-such-option' targetHop='${targetHop}' mustUnderstand='true' transID='5' />`;
        expect((await application.attach(s.wilma, 7, option)).code, targetHop).toBe(504);
      }
      expect((await application.attach(s.wilma, 7)).name).toBe('ok');
    }),
  );

  it(
    '[3340 §5 rule 10] has a transID that means nothing: it may be that of the attach',
    scene(async (s) => {
      const application = await unattached(s, s.wilma);
      const option = "<option internal='no-such-option' transID='7' />";
      expect((await application.attach(s.wilma, 7, option)).name).toBe('ok');
      expect((await application.attach(subaddress(s.wilma, 'a'), 8, option)).name).toBe('ok');
    }),
  );
});

describe('attach as the initialization of a channel', () => {
  it(
    '[3340 §4.2] [3340 §8.1] is answered by ok inside the profile',
    scene(async (s) => {
      const application = await s.authenticated(s.wilma);
      const answer = await application.startApex(attachElement(s.wilma, 7));
      expect(answer).toMatchObject({ keyword: 'RPY', name: 'ok' });
      await application.data(s.wilma, s.wilma, '<hello />');
      expect((await application.next(s.wilma)).name).toBe('hello');
      expect((await application.attach(subaddress(s.wilma, 'a'), 7)).code).toBe(555);
    }),
  );

  it(
    '[B18] [3340 §4.2] [3340 §4.4.1 step 3] that is refused gives a positive reply with the error inside, and an open channel',
    scene(async (s) => {
      const application = await s.authenticated(s.wilma);
      for (const [endpoint, options, code] of [
        [s.fred, '', 537],
        ['wilma@elsewhere.invalid', '', 553],
        [s.wilma, unknownOption, 504],
      ] as const) {
        const answer = await application.startApex(attachElement(endpoint, 7, options));
        expect(answer).toMatchObject({ keyword: 'RPY', name: 'error', code });
        expect((await application.data(s.wilma, s.fred, '<hello />')).code).toBe(537);
      }
      expect((await application.attach(s.wilma, 7)).name).toBe('ok');
    }),
  );

  it(
    '[B18] [3340 §8.1] other elements and what is no XML are refused there, and the channel is open',
    scene(async (s) => {
      const application = await s.authenticated(s.wilma);
      for (const [initialization, code] of [
        ["<terminate transID='0' />", 501],
        [
          `<data content='http://example.com/'><originator identity='${s.wilma}' /><recipient identity='${s.wilma}' /></data>`,
          501,
        ],
        ['<ok />', 501],
        [`<attach endpoint='${s.wilma}' />`, 501],
        [`<attach endpoint='${s.wilma}' transID='7'>`, 500],
        ['hello', 500],
      ] as const) {
        const answer = await application.startApex(initialization);
        expect(answer, initialization).toMatchObject({ keyword: 'RPY', name: 'error', code });
      }
      expect((await application.attach(s.wilma)).name).toBe('ok');
    }),
  );

  it(
    '[3340 §4.4.1 step 5] is refused with 554, and taken with attachOverride',
    scene(async (s) => {
      const first = await s.join(s.wilma);
      const second = await s.authenticated(s.wilma);
      expect((await second.startApex(attachElement(s.wilma, 7))).code).toBe(554);
      expect((await second.startApex(attachElement(s.wilma, 7, override))).name).toBe('ok');
      expect((await first.nextTermination()).code).toBe('556');
    }),
  );
});

describe('an attach that is not valid', () => {
  it(
    '[3340 §9.1] [3340 §4.4.1] [B7] is answered 501, and the next one is taken',
    scene(async (s) => {
      const application = await unattached(s, s.wilma);
      const { wilma } = s;
      const endpoint = `endpoint='${wilma}'`;
      const wrong = [
        '<attach />',
        "<attach transID='7' />",
        `<attach ${endpoint} />`,
        ...['', '0', '-1', '+1', '1.5', '0x10', 'one', '2147483648', '4294967297', '12345678901', '1 2'].map(
          (transID) => `<attach ${endpoint} transID='${transID}' />`,
        ),
        `<attach ${endpoint} transID='7' code='250' />`,
        `<attach ${endpoint} transid='7' />`,
        `<attach ${endpoint} transID='7'>text</attach>`,
        `<attach ${endpoint} transID='7'><options /></attach>`,
        `<attach ${endpoint} transID='7'><attach ${endpoint} transID='8' /></attach>`,
        `<Attach ${endpoint} transID='7' />`,
        `<a:attach xmlns:a='urn:a' ${endpoint} transID='7' />`,
      ];
      for (const xml of wrong) {
        expect(await application.request(xml), xml).toMatchObject({ keyword: 'ERR', code: 501 });
      }
      // Nothing of it was taken.
      expect((await application.terminate(7)).code).toBe(550);
      expect((await application.data(wilma, s.fred, '<hello />')).code).toBe(537);
      expect((await application.attach(wilma, 7)).name).toBe('ok');
    }),
  );

  it(
    '[3340 §5] [3340 §5 rule 5] [3340 §5 rule 6] [3340 §5 rule 7] [3340 §5 rule 11] has an option that is not valid: 501',
    scene(async (s) => {
      const application = await unattached(s, s.wilma);
      const wrong = [
        '<option />',
        "<option transID='1' />",
        "<option internal='' external='' transID='1' />",
        "<option internal='a' external='http://example.com/' transID='1' />",
        "<option internal='a b' transID='1' />",
        "<option external='relative' transID='1' />",
        "<option external='#fragment' transID='1' />",
        "<option external='http://example.com/%zz' transID='1' />",
        "<option internal='a' targetHop='here' transID='1' />",
        "<option internal='a' targetHop='' transID='1' />",
        "<option internal='a' mustUnderstand='yes' transID='1' />",
        "<option internal='a' mustUnderstand='TRUE' transID='1' />",
        "<option internal='a' transID='0' />",
        "<option internal='a' transID='x' />",
        "<option internal='a' transID='1' other='1' />",
      ];
      for (const option of wrong) {
        const answer = await application.attach(s.wilma, 7, option);
        expect(answer, option).toMatchObject({ keyword: 'ERR', code: 501 });
      }
      expect((await application.attach(s.wilma, 7)).name).toBe('ok');
    }),
  );
});

it(
  '[3340 §4.2] attach may come on any of several channels of a session, and without one that session attaches nothing',
  scene(async (s) => {
    const application = await s.authenticated(s.wilma);
    const channels = [application.newChannel(), application.newChannel(), application.newChannel()];
    for (const channel of channels) {
      expect((await application.start(channel, profileElement(apexProfile))).keyword).toBe('RPY');
    }
    for (const channel of channels) {
      const endpoint = subaddress(s.wilma, `on${channel}`);
      expect((await application.attach(endpoint, 7, '', channel)).name).toBe('ok');
      const sent = dataElement(endpoint, endpoint, '<hello />');
      expect((await application.request(sent, channels[0])).name).toBe('ok');
      expect((await application.delivery(endpoint)).channel).toBe(channel);
    }
  }),
);
