import { describe, expect, it } from 'vitest';
import { attachElement, dataElement, presenceOf } from '../../src/application.ts';
import { encodedEndpoint } from '../../src/provisioning.ts';
import { scenes, subaddress } from '../../src/scenes.ts';

const scene = scenes('data');

/** A domain without a relay. */
const elsewhere = 'fred@elsewhere.invalid';

describe('who may originate data', () => {
  it(
    '[3340 §4.4.4.1 step 1] [3340 §4.5.1 rule 2] an endpoint that the session is attached as, on any of its channels',
    scene(async ({ authenticated, join, fred, wilma }) => {
      const receiver = await join(fred);
      const application = await authenticated(wilma);
      await application.startApex(attachElement(wilma, 7));
      await application.startApex(attachElement(subaddress(wilma, 'a'), 7));
      await application.startApex();
      for (const originator of [wilma, subaddress(wilma, 'a')]) {
        expect((await application.data(originator, fred, '<hello />')).name).toBe('ok');
        expect((await receiver.next(fred)).originator).toBe(originator);
      }
    }),
  );

  it(
    '[3340 §4.4.4.1 step 1] nobody for an endpoint as which he only authenticated: 537, and nothing is delivered',
    scene(async ({ authenticated, join, fred, wilma }) => {
      const receiver = await join(fred);
      const application = await authenticated(wilma);
      await application.startApex();
      expect(await application.data(wilma, fred, '<early />')).toMatchObject({ keyword: 'ERR', code: 537 });
      await application.attach(wilma);
      expect((await application.data(wilma, fred, '<attached />')).name).toBe('ok');
      expect((await receiver.next(fred)).name).toBe('attached');
    }),
  );

  it(
    '[C2] [3340 §4.4.4.1 step 1] not an endpoint for its subaddress, nor a subaddress for its endpoint or a sibling',
    scene(async ({ join, fred, wilma }) => {
      const receiver = await join(fred);
      const whole = await join(wilma);
      const part = await join(subaddress(wilma, 'b'));
      for (const [application, originator] of [
        [whole, subaddress(wilma, 'a')],
        [whole, subaddress(wilma, 'b')],
        [part, wilma],
        [part, subaddress(wilma, 'B')],
      ] as const) {
        expect((await application.data(originator, fred, '<forged />')).code, originator).toBe(537);
      }
      await whole.data(wilma, fred, '<hello />');
      expect((await receiver.next(fred)).name).toBe('hello');
    }),
  );

  it(
    '[C2] [3340 §4.4.4.1 step 1] nobody for others: endpoints, services, other domains, names that nobody has',
    scene(async ({ join, fred, wilma, barney, domain }) => {
      const receiver = await join(fred);
      const application = await join(barney);
      for (const originator of [
        wilma,
        subaddress(wilma, 'a'),
        fred,
        `apex=presence@${domain}`,
        `apex=report@${domain}`,
        elsewhere,
        `nobody@${domain}`,
        barney.replace('barney', 'Barney'),
      ]) {
        expect((await application.data(originator, fred, '<forged />')).code, originator).toBe(537);
      }
      await (await join(wilma)).data(wilma, fred, '<hello />');
      expect((await receiver.next(fred)).name).toBe('hello');
    }),
  );

  it(
    '[3340 §4.4.4.1 step 1] comes before the options and the recipients',
    scene(async ({ join, fred, wilma }) => {
      const application = await join(wilma);
      const option =
        "<option external='http://example.com/unknown' targetHop='this' mustUnderstand='true' transID='1' />";
      expect((await application.data(fred, fred, '<hello />', option)).code).toBe(537);
      expect((await application.data(fred, elsewhere, '<hello />')).code).toBe(537);
    }),
  );

  it(
    '[C3] [3340 §4.4.4.1 step 1] an attached endpoint in any letter case of its domain',
    scene(async ({ join, fred, wilma, domain }) => {
      const receiver = await join(fred);
      const application = await join(wilma);
      const upper = (endpoint: string): string => endpoint.replace(domain, domain.toUpperCase());
      expect((await application.data(upper(wilma), upper(fred), '<hello />')).name).toBe('ok');
      const { originator } = await receiver.until(
        () => receiver.waiting(fred)[0] ?? receiver.waiting(upper(fred))[0],
        'data for fred',
      );
      expect(originator.replace(domain.toUpperCase(), domain)).toBe(wilma);
    }),
  );
});

describe('a recipient', () => {
  it(
    '[3340 §4.4.4.1 step 5.3] [3340 §4.4.4] that is attached and lets the originator send gets a data with itself as recipient',
    scene(async ({ join, fred, wilma }) => {
      const receiver = await join(fred);
      const application = await join(wilma);
      expect((await application.data(wilma, fred, '<hello />')).name).toBe('ok');
      const delivery = await receiver.delivery(fred);
      expect(delivery).toMatchObject({ originator: wilma, recipients: [fred], content: '<hello />' });
    }),
  );

  it(
    '[C4] [3340 §4.4.4.1 step 3] [3340 §4.4.4.1 step 5.3] is accepted with ok, attached or not, known or not, allowing it or not',
    scene(async ({ join, fred, wilma, barney, domain }) => {
      const stranger = await join(barney);
      for (const recipient of [
        fred,
        subaddress(fred, 'a'),
        `nobody@${domain}`,
        `apex=nothing@${domain}`,
        `APEX=presence@${domain}`,
        encodedEndpoint(domain),
        `${'x'.repeat(10_000)}@${domain}`,
        elsewhere,
        'fred@[192.0.2.1]',
      ]) {
        expect((await stranger.data(barney, recipient, '<hello />')).name, recipient.slice(0, 40)).toBe('ok');
      }
      const application = await join(wilma);
      expect((await application.data(wilma, fred, '<hello />')).name).toBe('ok');
      // Nothing was kept for him who attaches now.
      const receiver = await join(fred);
      await application.data(wilma, fred, '<later />');
      expect((await receiver.next(fred)).name).toBe('later');
    }),
  );

  it(
    '[3340 §4.4.4.1 step 5.3] [3340 §4.5.1 rule 3] that does not allow core:data gets nothing',
    scene(async ({ join, fred, wilma, barney }) => {
      const receiver = await join(fred);
      const stranger = await join(barney);
      const sub = await join(subaddress(barney, 'a'));
      expect((await stranger.data(barney, fred, '<refused />')).name).toBe('ok');
      expect((await sub.data(subaddress(barney, 'a'), fred, '<refused />')).name).toBe('ok');
      await (await join(wilma)).data(wilma, fred, '<allowed />');
      expect((await receiver.next(fred)).name).toBe('allowed');
      // That fred lets wilma send says nothing of the other way.
      const wilmas = await join(subaddress(wilma, 'a'));
      await receiver.data(fred, subaddress(wilma, 'a'), '<refused />');
      await wilmas.data(subaddress(wilma, 'a'), subaddress(wilma, 'a'), '<own />');
      expect((await wilmas.next(subaddress(wilma, 'a'))).name).toBe('own');
    }),
  );

  it(
    '[C8] [3340 §4.5.1 rule 3] lets itself and its subaddresses send to it',
    scene(async ({ join, fred }) => {
      const application = await join(fred);
      const other = await join(subaddress(fred, 'a'));
      await other.data(subaddress(fred, 'a'), fred, '<up />');
      expect((await application.next(fred)).name).toBe('up');
      await application.data(fred, subaddress(fred, 'a'), '<down />');
      expect((await other.next(subaddress(fred, 'a'))).name).toBe('down');
      await application.data(fred, fred, '<self />');
      expect((await application.next(fred)).name).toBe('self');
    }),
  );

  it(
    '[C3] [3340 §2.2.1] [3340 §4.4.4.1 step 5.3] is matched exactly, subaddress and letter case included, without fallback',
    scene(async ({ join, fred, wilma }) => {
      const whole = await join(fred);
      const part = await join(subaddress(fred, 'a'));
      const application = await join(wilma);
      for (const recipient of [
        subaddress(fred, 'A'),
        subaddress(fred, 'ab'),
        subaddress(fred, 'appl=a'),
        subaddress(fred, '%61'),
        fred.replace('fred', 'Fred'),
        fred.replace('fred', 'fred '),
      ]) {
        expect((await application.data(wilma, recipient, '<astray />')).name, recipient).toBe('ok');
      }
      await application.data(wilma, fred, '<whole />');
      await application.data(wilma, subaddress(fred, 'a'), '<part />');
      expect((await whole.next(fred)).name).toBe('whole');
      expect((await part.next(subaddress(fred, 'a'))).name).toBe('part');
      for (const receiver of [whole, part]) {
        for (const endpoint of [fred, subaddress(fred, 'a')]) expect(receiver.waiting(endpoint)).toEqual([]);
      }
    }),
  );

  it(
    '[C3] that is a subaddress is not reached by data for its endpoint when that is not attached, nor the other way round',
    scene(async ({ join, fred, wilma }) => {
      const application = await join(wilma);
      const part = await join(subaddress(fred, 'a'));
      await application.data(wilma, fred, '<astray />');
      await application.data(wilma, subaddress(fred, 'a'), '<part />');
      expect((await part.next(subaddress(fred, 'a'))).name).toBe('part');
      await part.terminate(0);
      const whole = await join(fred);
      await application.data(wilma, subaddress(fred, 'a'), '<astray />');
      await application.data(wilma, fred, '<whole />');
      expect((await whole.next(fred)).name).toBe('whole');
      expect(whole.waiting(subaddress(fred, 'a'))).toEqual([]);
    }),
  );

  it(
    '[3340 §6] [C7] may be a service, which answers with data of its own',
    scene(async ({ join, barney }) => {
      const application = await join(barney);
      const service = presenceOf(barney);
      expect((await application.data(barney, service, "<terminate transID='4711' />")).name).toBe('ok');
      const { originator, name, attributes } = await application.next(barney);
      expect({ originator, name, code: attributes['code'] }).toEqual({
        originator: service,
        name: 'reply',
        code: '550',
      });
    }),
  );

  it(
    '[3340 §4.4.4.2 step 2.2] that has just terminated its attachment gets nothing more',
    scene(async ({ join, fred, wilma }) => {
      const receiver = await join(fred);
      await receiver.attach(subaddress(fred, 'a'), 8);
      const application = await join(wilma);
      expect((await receiver.terminate(8)).name).toBe('ok');
      await application.data(wilma, subaddress(fred, 'a'), '<astray />');
      await application.data(wilma, fred, '<hello />');
      expect((await receiver.next(fred)).name).toBe('hello');
      expect(receiver.waiting(subaddress(fred, 'a'))).toEqual([]);
    }),
  );
});

describe('several recipients', () => {
  it(
    '[3340 §4.4.4.1 step 5] [3340 §4.4.4.1 step 5.3] each get the data, with nobody but themselves as recipient',
    scene(async ({ join, fred, wilma }) => {
      const recipients = [fred, subaddress(fred, 'a'), subaddress(fred, 'b'), subaddress(wilma, 'c')];
      const receivers = await Promise.all(recipients.map(join));
      const application = await join(wilma);
      expect((await application.data(wilma, recipients, '<hello />')).name).toBe('ok');
      for (const [index, recipient] of recipients.entries()) {
        const delivery = await receivers[index]?.delivery(recipient);
        expect(delivery).toMatchObject({ originator: wilma, recipients: [recipient], content: '<hello />' });
      }
    }),
  );

  it(
    '[3340 §4.4.4.1 step 5] [C4] are processed one by one: those who cannot be reached are no harm to those who can',
    scene(async ({ join, fred, wilma, barney, domain }) => {
      const last = subaddress(fred, 'last');
      const receivers = [await join(fred), await join(last)];
      const barneys = await join(barney);
      const application = await join(wilma);
      const recipients = [elsewhere, `nobody@${domain}`, fred, barney, subaddress(fred, 'absent'), last];
      expect((await application.data(wilma, recipients, '<hello />')).name).toBe('ok');
      expect((await receivers[0]?.next(fred))?.name).toBe('hello');
      expect((await receivers[1]?.next(last))?.name).toBe('hello');
      await barneys.data(barney, barney, '<own />');
      expect((await barneys.next(barney)).name).toBe('own');
    }),
  );

  it(
    '[3340 §4.4.4.1 step 5] that one session is attached as all get the data there',
    scene(async ({ join, fred, wilma }) => {
      const receiver = await join(fred);
      const recipients = [fred, ...['a', 'b', 'c'].map((name) => subaddress(fred, name))];
      for (const recipient of recipients.slice(1)) await receiver.attach(recipient);
      const application = await join(wilma);
      await application.data(wilma, recipients, '<hello />');
      for (const recipient of recipients) expect((await receiver.next(recipient)).name).toBe('hello');
    }),
  );

  it(
    '[3340 §4.4.4] may be many',
    scene(async ({ join, fred, wilma }) => {
      const receiver = await join(fred);
      const application = await join(wilma);
      const absent = Array.from({ length: 300 }, (_, index) => subaddress(fred, `absent${index}`));
      expect((await application.data(wilma, [...absent, fred], '<hello />')).name).toBe('ok');
      expect((await receiver.delivery(fred)).recipients).toEqual([fred]);
    }),
  );
});

describe('data', () => {
  it(
    '[3340 §4.4.4.1 step 3] [C4] is answered by an empty ok that does not wait for the recipient',
    scene(async ({ join, fred, wilma }) => {
      const receiver = await join(fred);
      receiver.acknowledges = false;
      const application = await join(wilma);
      const answer = await application.data(wilma, fred, '<hello />');
      expect(answer.keyword).toBe('RPY');
      expect(answer.body).toMatch(/^\s*<ok\s*(?:\/>|><\/ok>)\s*$/);
      const [, , third] = await Promise.all(
        [1, 2, 3].map(() => application.request(dataElement(wilma, fred, '<more />'))),
      );
      expect(third?.name).toBe('ok');
      await receiver.until(() => receiver.unanswered.length === 4 || undefined, 'four deliveries');
    }),
  );

  it(
    '[3340 §2.2] [3340 §9.1] may name its endpoints by references, in double quotes, and with white space between all elements',
    scene(async ({ join, fred, wilma }) => {
      const odd = subaddress(fred, `"q" & 'a' <ü>`);
      const receiver = await join(odd);
      const application = await join(wilma);
      const references = [...odd].map((character) => `&#${character.codePointAt(0)};`).join('');
      const answer = await application.request(
        `\r\n<!-- a comment -->\r\n<data\tcontent = "#x-1.y"\r\n>\n\t<originator identity="${wilma}" />\r\n` +
          `<recipient  identity='${references}'  ></recipient >\n<!-- another -->` +
          `<data-content Name="x-1.y"><hello /></data-content>\n</data >\r\n`,
      );
      expect(answer).toMatchObject({ name: 'ok' });
      const delivery = await receiver.delivery(odd);
      expect(delivery).toMatchObject({ originator: wilma, recipients: [odd], content: '<hello />' });
    }),
  );
});
