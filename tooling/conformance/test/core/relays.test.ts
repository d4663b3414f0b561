import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type Application,
  apexProfile,
  attachElement,
  initializationAnswer,
  newTransID,
  profileElement,
} from '../../src/application.ts';
import { password } from '../../src/provisioning.ts';
import { enact } from '../../src/scenes.ts';
import { authenticateByScram } from '../../src/scram.ts';
import { type ServerProcess, startServer } from '../../src/server.ts';
import { isOwnServer } from '../../src/target.ts';
import { findElement } from '../../src/xml.ts';
import { unknownOption } from './attaching.ts';

const secret = 'of two relays';
const MEETINGS = 12;

/** Domains and an endpoint of one test, which run side by side. */
interface Names {
  readonly rubble: string;
  /** For which the relay of rubble may bind too. */
  readonly quarry: string;
  readonly slate: string;
  readonly fred: string;
  /** Of rubble. */
  readonly barney: string;
}

function namesOf(index: number): Names {
  const rubble = `rubble${index}.com`;
  return {
    rubble,
    quarry: `quarry${index}.com`,
    slate: `slate${index}.com`,
    fred: `fred${index}@example.com`,
    barney: `barney@${rubble}`,
  };
}

const all = Array.from({ length: MEETINGS }, (_, index) => namesOf(index));

let server: ServerProcess;

/** What a test has: fred's application, and the relay of rubble, authenticated and with an APEX channel. */
interface Meeting extends Names {
  readonly application: Application;
  readonly relay: Application;
  /** One more relay, as this domain. */
  relayOf(domain: string): Promise<Application>;
}

let index = 0;

function meeting(play: (meeting: Meeting) => Promise<void>): () => Promise<void> {
  const names = all[index];
  index += 1;
  if (names === undefined) throw new RangeError('there are too few domains; raise MEETINGS');
  return () =>
    enact(async (endpoints) => {
      const application = await endpoints.session();
      await application.authenticate(names.fred, password);
      await application.startApex(attachElement(names.fred, newTransID()));
      await enact(
        async ({ session }) => {
          const relayOf = async (domain: string): Promise<Application> => {
            const relay = await session();
            await authenticateByScram(relay, domain, secret);
            await relay.startApex();
            return relay;
          };
          await play({ ...names, application, relay: await relayOf(names.rubble), relayOf });
        },
        { ...server, port: server.relayPort },
      );
    }, server);
}

const bindElement = (relay: string, transID: number, options = ''): string =>
  `<bind relay='${relay}' transID='${transID}'>${options}</bind>`;

const statusRequest =
  "<option internal='statusRequest' targetHop='final' mustUnderstand='true' transID='86' />";

describe.skipIf(!isOwnServer)('a relay of another domain', () => {
  beforeAll(async () => {
    const peers = all.flatMap(({ rubble, quarry, slate }) => [
      [rubble, { secret, domains: [quarry] }],
      [slate, { secret }],
    ]);
    server = await startServer({}, {}, Object.fromEntries(peers));
    const entries = all.flatMap(({ fred, rubble, quarry }) =>
      [rubble, quarry].map((domain) => ({ owner: fred, actor: `*@${domain}`, actions: ['core:data'] })),
    );
    await server.provision(
      all.map(({ fred }) => fred),
      password,
      entries,
    );
  });

  afterAll(async () => {
    await server?.stop();
  });

  it(
    '[3340 §4.4.2] [3340 §4.4.2 step 4] [3340 §4.5.2 rule 1] binds for the domain that it authenticated as, in any letter case, and for those that it is configured for',
    meeting(async ({ relay, rubble, quarry, slate }) => {
      expect((await relay.request(bindElement(rubble, 1))).name).toBe('ok');
      expect((await relay.request(bindElement(rubble.toUpperCase(), 2))).name).toBe('ok');
      expect((await relay.request(bindElement(quarry, 3))).name).toBe('ok');
      for (const domain of [slate, 'example.com', `sub.${rubble}`, 'com']) {
        expect((await relay.request(bindElement(domain, 4))).code, domain).toBe(537);
      }
    }),
  );

  it(
    '[3340 §4.4.2 step 1] is refused with 555 for a transID that is in use on the channel, until it is terminated',
    meeting(async ({ relay, rubble, slate }) => {
      expect((await relay.request(bindElement(rubble, 7))).name).toBe('ok');
      expect((await relay.request(bindElement(rubble, 7))).code).toBe(555);
      expect((await relay.request(bindElement(slate, 7))).code).toBe(555);
      expect((await relay.terminate(7)).name).toBe('ok');
      expect((await relay.terminate(7)).code).toBe(550);
      expect((await relay.request(bindElement(rubble, 7))).name).toBe('ok');
    }),
  );

  it(
    '[3340 §4.4.2 step 3] is refused with 504 for an option that nobody understands',
    meeting(async ({ relay, rubble }) => {
      expect((await relay.request(bindElement(rubble, 7, unknownOption))).code).toBe(504);
      const ignored = unknownOption.replace("'true'", "'false'");
      expect((await relay.request(bindElement(rubble, 7, ignored))).name).toBe('ok');
    }),
  );

  it(
    '[3340 §4.2] [3340 §8.1] binds by the initialization of the channel',
    meeting(async ({ relay, rubble }) => {
      const channel = relay.newChannel();
      const answer = await relay.start(channel, profileElement(apexProfile, bindElement(rubble, 7)));
      expect(initializationAnswer(answer)).toMatchObject({ keyword: 'RPY', name: 'ok' });
      expect((await relay.terminate(7, channel)).name).toBe('ok');
    }),
  );

  it(
    '[3340 §4.4.4.1 step 1] [3340 §4.5.2 rule 3] [C2] sends data of the domains that it is bound for, and of no others',
    meeting(async ({ application, relay, rubble, quarry, slate, fred, barney }) => {
      expect((await relay.data(barney, fred, '<early />')).code).toBe(537);
      await relay.request(bindElement(rubble, 1));
      await relay.request(bindElement(quarry, 2));
      expect((await relay.data(barney, fred, '<one />')).name).toBe('ok');
      expect((await relay.data(`mr@${quarry}`, fred, '<two />')).name).toBe('ok');
      for (const originator of [`mr@${slate}`, fred, 'apex=presence@example.com']) {
        expect((await relay.data(originator, fred, '<not-taken />')).code, originator).toBe(537);
      }
      expect(await application.next(fred)).toMatchObject({ name: 'one', originator: barney });
      expect(await application.next(fred)).toMatchObject({ name: 'two', originator: `mr@${quarry}` });
      // 3340 §4.4.3 step 3: of one domain only.
      await relay.terminate(2);
      expect((await relay.data(`mr@${quarry}`, fred, '<three />')).code).toBe(537);
      expect((await relay.data(barney, fred, '<four />')).name).toBe('ok');
      expect((await application.next(fred)).name).toBe('four');
    }),
  );

  it(
    '[3340 §4.4.4.1 step 5.2] [3340 §2.1] gets the data for the domains that it is bound for, each recipient in data of its own',
    meeting(async ({ application, relay, relayOf, rubble, slate, fred, barney }) => {
      const other = await relayOf(slate);
      await other.request(bindElement(slate, 1));
      await relay.request(bindElement(rubble, 1));
      await application.data(fred, [barney, `betty@${rubble}`, `mr@${slate}`], '<hello />');
      for (const [at, recipient] of [
        [relay, barney],
        [relay, `betty@${rubble}`],
        [other, `mr@${slate}`],
      ] as const) {
        const delivery = await at.delivery(recipient);
        expect(delivery).toMatchObject({ originator: fred, recipients: [recipient], content: '<hello />' });
      }
    }),
  );

  it(
    '[3340 §5.1] passes what targetHop final asks on, and a report of the other domain back, as in the example',
    meeting(async ({ application, relay, rubble, fred, barney }) => {
      await relay.request(bindElement(rubble, 1));
      await application.data(fred, barney, '<hello />', statusRequest);
      const { control } = await relay.delivery(barney);
      const option = findElement(control.replace(/<data-content[\s\S]*/, '</data>'), 'option');
      // 3340 §9.1: targetHop is final when it is not there.
      expect({ targetHop: 'final', ...option?.attributes }).toEqual({
        internal: 'statusRequest',
        targetHop: 'final',
        mustUnderstand: 'true',
        transID: '86',
      });
      const response = `<statusResponse transID='86'><destination identity='${barney}'><reply code='250' /></destination></statusResponse>`;
      const service = `apex=report@${rubble}`;
      expect((await relay.data(service, fred, response)).name).toBe('ok');
      // It is the first that fred gets: this relay is not the final one, and reports nothing.
      const { originator, content } = await application.delivery(fred);
      expect([originator, content]).toEqual([service, response]);
    }),
  );

  it(
    '[3340 §5.1] has its data reported by the service of this domain, over the session that it has bound',
    meeting(async ({ application, relay, rubble, fred, barney }) => {
      await relay.request(bindElement(rubble, 1));
      await relay.data(barney, fred, '<hello />', statusRequest);
      await application.next(fred);
      const { originator, content } = await relay.delivery(barney);
      expect(originator).toBe('apex=report@example.com');
      expect(findElement(content, 'destination')?.attributes).toEqual({ identity: fred });
      expect(findElement(content, 'reply')?.attributes).toMatchObject({ code: '250' });
      await relay.data(barney, 'nobody@example.com', '<hello />', statusRequest.replace('86', '87'));
      const unknown = await relay.delivery(barney);
      expect(findElement(unknown.content, 'reply')?.attributes).toMatchObject({ code: '550' });
    }),
  );

  it(
    '[3340 §5 rule 12] [3342 §4 rule 1] [C15] gets data without the options that are for this relay, and with a bound on the relays to come',
    meeting(async ({ application, relay, rubble, fred, barney }) => {
      await relay.request(bindElement(rubble, 1));
      await application.data(fred, barney, '<hello />', statusRequest.replace('final', 'this'));
      const { control } = await relay.delivery(barney);
      expect(control).not.toContain('statusRequest');
      expect(findElement(control, 'dataHopping')?.attributes).toMatchObject({ noMoreThan: '16' });
      const { originator, content } = await application.delivery(fred);
      expect(originator).toBe('apex=report@example.com');
      expect(findElement(content, 'reply')?.attributes).toMatchObject({ code: '250' });
    }),
  );

  it(
    '[3340 §4.4.4.1 step 5.2] that answers error has that reported',
    meeting(async ({ application, relay, rubble, fred, barney }) => {
      await relay.request(bindElement(rubble, 1));
      relay.acknowledges = false;
      await application.data(fred, barney, '<hello />', statusRequest.replace('final', 'all'));
      const message = await relay.until(() => relay.unanswered.shift(), 'the data');
      relay.answer(message, "<error code='451'>not now</error>", 'ERR');
      const { content } = await application.delivery(fred);
      expect(findElement(content, 'reply')?.attributes).toMatchObject({ code: '451' });
    }),
  );

  it(
    '[3340 §4.4.4.1 step 5.2] that has ended its binding gets no more data',
    meeting(async ({ application, relay, rubble, fred, barney }) => {
      await relay.request(bindElement(rubble, 1));
      await application.data(fred, barney, '<one />');
      expect((await relay.delivery(barney)).content).toBe('<one />');
      await relay.terminate(0);
      await application.data(fred, barney, '<two />', statusRequest.replace('final', 'this'));
      const { content } = await application.delivery(fred);
      expect(findElement(content, 'reply')?.attributes).toMatchObject({ code: '550' });
      await relay.request(bindElement(rubble, 1));
      await application.data(fred, barney, '<three />');
      expect((await relay.delivery(barney)).content).toBe('<three />');
    }),
  );

  it(
    '[3340 §4.5.2] with a wrong secret, and an endpoint, are not let in at the port for relays',
    meeting(async ({ rubble, fred }) => {
      await enact(
        async ({ session }) => {
          for (const [identity, wrong] of [
            [rubble, 'wrong'],
            ['elsewhere.com', secret],
            [fred, password],
          ] as const) {
            await expect(authenticateByScram(await session(), identity, wrong)).rejects.toThrow('535');
          }
        },
        { ...server, port: server.relayPort },
      );
    }),
  );
});
