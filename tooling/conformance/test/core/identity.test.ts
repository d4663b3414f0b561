import { describe, expect, it } from 'vitest';
import { anonymousProfile, base64, newTransID, profileElement } from '../../src/application.ts';
import { encodedEndpoint, password } from '../../src/provisioning.ts';
import { onWire, scenes, subaddress } from '../../src/scenes.ts';
import { isOwnServer } from '../../src/target.ts';
import { override, unattached, unknownOption } from './attaching.ts';

const scene = scenes('identity');

/** Letter case of the domain, never of the local part. */
function withDomain(endpoint: string, change: (domain: string) => string): string {
  const at = endpoint.indexOf('@') + 1;
  return endpoint.slice(0, at) + change(endpoint.slice(at));
}

describe('who may attach', () => {
  it(
    '[3340 §4.4.1 step 3] [3340 §4.5.1] nobody who has not authenticated',
    scene(async ({ session, fred }) => {
      const application = await session();
      await application.startApex();
      for (const endpoint of [fred, subaddress(fred, 'a')]) {
        expect(await application.attach(endpoint)).toMatchObject({ keyword: 'ERR', code: 537 });
      }
    }),
  );

  it(
    '[3340 §4.4.1 step 3] [3340 §4.5.1 rule 1] not who authenticated as another endpoint, and options do not change it',
    scene(async (s) => {
      const application = await unattached(s, s.wilma);
      for (const options of ['', override, unknownOption]) {
        for (const endpoint of [s.fred, subaddress(s.fred, 'a')]) {
          expect((await application.attach(endpoint, 7, options)).code).toBe(537);
        }
      }
    }),
  );

  it(
    '[3340 §4.5.1 rule 1] [3340 §2.2] [C3] who authenticated as an endpoint, as any of its subaddresses',
    scene(async (s) => {
      const application = await unattached(s, s.wilma);
      for (const name of ['appl=wb', 'terminal', ' a b ', 'q\'"<&>', 'zoë–☃😀', '%2f', '=']) {
        const endpoint = subaddress(s.wilma, name);
        expect((await application.attach(endpoint)).name, name).toBe('ok');
        await application.data(endpoint, endpoint, '<hello />');
        expect((await application.next(endpoint)).originator, name).toBe(endpoint);
      }
    }),
  );

  it(
    '[3340 §2.2.1] [3340 §4.4.1 step 3] not as an endpoint that differs in the letter case of its local part',
    scene(async (s) => {
      const application = await unattached(s, s.wilma);
      expect((await application.attach(s.wilma.replace('wilma', 'Wilma'))).code).toBe(537);
      expect((await application.attach(s.wilma.replace('wilma', 'w%69lma'))).code).toBe(537);
    }),
  );

  it(
    '[C3] [3340 §4.4.1 step 5] as the same endpoint when the domain differs in letter case only',
    scene(async (s) => {
      const application = await unattached(s, s.wilma);
      const upper = withDomain(s.wilma, (domain) => domain.toUpperCase());
      expect((await application.attach(upper)).name).toBe('ok');
      await application.data(upper, upper, '<hello />');
      await application.until(
        () => application.waiting(s.wilma)[0] ?? application.waiting(upper)[0],
        'data for the endpoint',
      );
      const other = await unattached(s, s.wilma);
      expect((await other.attach(s.wilma)).code).toBe(554);
    }),
  );

  it(
    '[C3] [3340 §2.2] nobody as a service, in any letter case',
    onWire(async ({ peer, domain }) => {
      const application = await peer();
      await application.startApex();
      for (const local of [
        'apex=presence',
        'apex=report',
        'APEX=presence',
        'aPeX=access',
        'apex=',
        'apex=a/b',
        'Apex=new',
      ]) {
        for (const options of ['', override]) {
          const answer = await application.attach(`${local}@${domain}`, newTransID(), options);
          expect(answer, local).toMatchObject({ keyword: 'ERR', code: 537 });
        }
      }
    }),
  );

  it(
    '[3340 §4.4.1 step 3] nobody as an endpoint that is not provisioned, however long its name',
    onWire(async ({ peer, domain }) => {
      const application = await peer();
      await application.startApex();
      for (const local of ['nobody', 'x'.repeat(20_000), '☃'.repeat(5000), 'peer ']) {
        expect((await application.attach(`${local}@${domain}`)).code, local.slice(0, 10)).toBe(537);
      }
    }),
  );

  it(
    '[3340 §2.2] [3340 §2.2.1] who is named with spaces, marks and letters beyond US-ASCII, in whatever way XML writes them',
    scene(async ({ session, domain }) => {
      const endpoint = encodedEndpoint(domain);
      const application = await session();
      await application.authenticate(endpoint, password);
      await application.startApex();
      // What an apex: URL would write is another name: an attribute of XML has no such encoding.
      expect((await application.attach(encodeURI(endpoint))).code).toBe(537);
      const references = [...endpoint].map((c) => `&#x${c.codePointAt(0)?.toString(16)};`).join('');
      expect((await application.request(`<attach endpoint='${references}' transID='7' />`)).name).toBe('ok');
      const literal = `<attach transID="8" endpoint="${endpoint}"></attach>`;
      expect((await application.request(literal)).name).toBe('ok');
      await application.data(endpoint, endpoint, '<hello />');
      expect((await application.next(endpoint)).originator).toBe(endpoint);
      expect((await application.terminate(0)).name).toBe('ok');
    }),
  );

  it.runIf(isOwnServer)(
    '[3340 §4.4.1 step 3] not a guest who names himself like an endpoint',
    scene(async ({ session, fred }) => {
      const application = await session();
      const guest = profileElement(anonymousProfile, `<blob>${base64(fred)}</blob>`);
      expect((await application.start(application.newChannel(), guest)).keyword).toBe('RPY');
      await application.startApex();
      expect((await application.attach(fred)).code).toBe(537);
    }),
  );
});

describe('a name', () => {
  it(
    '[3340 §2.2] that is none of an endpoint is answered 501',
    onWire(async ({ peer, domain }) => {
      const application = await peer();
      await application.startApex();
      const names = [
        '',
        'peer',
        '@',
        `@${domain}`,
        'peer@',
        `/a@${domain}`,
        `peer/@${domain}`,
        `peer//a@${domain}`,
        `peer/a/b@${domain}`,
        `peer@peer@${domain}`,
        `peer@${domain}.`,
        `peer@.${domain}`,
        'peer@exa_mple.com',
        'peer@example..com',
        'peer@-example.com',
        `peer@${'x'.repeat(64)}.com`,
        `peer@${'x'.repeat(60)}.${'x'.repeat(60)}.${'x'.repeat(60)}.${'x'.repeat(60)}.${'x'.repeat(60)}.com`,
        'peer@[10.0.0.256]',
        'peer@[10.0.0.1',
        ` peer@ ${domain}`,
      ];
      for (const name of names) {
        expect(await application.attach(name), name).toMatchObject({ keyword: 'ERR', code: 501 });
      }
      // A control character can only stand there as a reference.
      for (const reference of ['&#9;', '&#10;', '&#13;', '&#127;']) {
        const answer = await application.request(
          `<attach endpoint='pe${reference}er@${domain}' transID='7' />`,
        );
        expect(answer, reference).toMatchObject({ keyword: 'ERR', code: 501 });
      }
    }),
  );
});
