import { describe, expect, it } from 'vitest';
import { apexProfile, initializationAnswer, profileElement } from '../../src/application.ts';
import { onWire } from '../../src/scenes.ts';
import { unknownOption } from './attaching.ts';

const bindElement = (relay: string, transID: number, options = ''): string =>
  `<bind relay='${relay}' transID='${transID}'>${options}</bind>`;

describe('bind', () => {
  it(
    '[3340 §4.4.2] [3340 §4.4.2 step 2] [3340 §4.5.2 rule 1] is refused with 537 for every domain but the one that the peer authenticated as',
    onWire(async ({ peer, domain }) => {
      const application = await peer();
      await application.startApex();
      for (const relay of [
        domain,
        domain.toUpperCase(),
        'elsewhere.invalid',
        `sub.${domain}`,
        '[192.0.2.1]',
      ]) {
        expect(await application.request(bindElement(relay, 7)), relay).toMatchObject({
          keyword: 'ERR',
          code: 537,
        });
      }
    }),
  );

  it(
    '[3340 §4.4.2 step 2] [3340 §4.5.2] is refused with 537 to who has not authenticated',
    onWire(async ({ session, domain }) => {
      const application = await session();
      await application.startApex();
      for (const relay of [domain, 'elsewhere.invalid']) {
        expect(await application.request(bindElement(relay, 7))).toMatchObject({ keyword: 'ERR', code: 537 });
      }
    }),
  );

  it(
    '[3340 §4.4.2 step 2] comes before the options',
    onWire(async ({ peer }) => {
      const application = await peer();
      await application.startApex();
      expect((await application.request(bindElement('elsewhere.invalid', 7, unknownOption))).code).toBe(537);
    }),
  );

  it(
    '[3340 §4.4.2 step 2] [3340 §4.5.2 rule 3] [C2] that was refused lets nobody relay data, and leaves its transID free',
    onWire(async ({ peer, domain }) => {
      const application = await peer();
      await application.startApex();
      for (const relay of ['elsewhere.invalid', domain]) {
        expect((await application.request(bindElement(relay, 7))).code).toBe(537);
        expect((await application.terminate(7)).code).toBe(550);
        const answer = await application.data(`fred@${relay}`, `apex=presence@${domain}`, '<hello />');
        expect(answer, relay).toMatchObject({ keyword: 'ERR', code: 537 });
      }
    }),
  );

  it(
    '[B18] [3340 §4.2] as an initialization that is refused has the error inside a positive reply, and the channel is open',
    onWire(async ({ peer, domain }) => {
      const application = await peer();
      for (const [xml, code] of [
        [bindElement(domain, 7), 537],
        [`<bind relay='${domain}' />`, 501],
        [`<bind relay='${domain}' transID='7'>`, 500],
      ] as const) {
        const channel = application.newChannel();
        const answer = await application.start(channel, profileElement(apexProfile, xml));
        expect(initializationAnswer(answer), xml).toMatchObject({ keyword: 'RPY', name: 'error', code });
        expect((await application.terminate(0, channel)).name).toBe('ok');
      }
    }),
  );

  it(
    '[3340 §9.1] [3340 §4.4.2] [B7] that is not valid is answered 501',
    onWire(async ({ peer, domain }) => {
      const application = await peer();
      await application.startApex();
      const wrong = [
        '<bind />',
        "<bind transID='7' />",
        `<bind relay='${domain}' />`,
        `<bind relay='${domain}' transID='0' />`,
        `<bind relay='${domain}' transID='2147483648' />`,
        "<bind relay='' transID='7' />",
        "<bind relay='not a domain' transID='7' />",
        `<bind relay='fred@${domain}' transID='7' />`,
        `<bind relay='${'x'.repeat(64)}.com' transID='7' />`,
        "<bind relay='[10.0.0.256]' transID='7' />",
        `<bind relay='${domain}' transID='7' endpoint='fred@${domain}' />`,
        `<bind relay='${domain}' transID='7'>text</bind>`,
        `<bind relay='${domain}' transID='7'><option transID='1' /></bind>`,
        `<bind relay='${domain}' transID='7'><recipient identity='fred@${domain}' /></bind>`,
      ];
      for (const xml of wrong) {
        expect(await application.request(xml), xml).toMatchObject({ keyword: 'ERR', code: 501 });
      }
      expect((await application.request(bindElement(domain, 7))).code).toBe(537);
    }),
  );
});
