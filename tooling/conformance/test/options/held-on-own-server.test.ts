import { setTimeout as passes } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { perform, subaddress } from '../../src/scenes.ts';
import { isOwnServer } from '../../src/target.ts';
import { override, unattached } from '../core/attaching.ts';
import { onOwnServer } from '../presence/playing.ts';
import {
  attributesOf,
  dataTiming,
  expectNoReport,
  hold,
  names,
  reported,
  sent,
  statusRequest,
} from './reporting.ts';

describe.runIf(isOwnServer)('a crash of the server', () => {
  it(
    '[C14] [3342 §3] takes nothing that was accepted, nor its options',
    onOwnServer({}, async (before, server) => {
      const { fred, wilma } = before;
      const application = await before.join(wilma);
      const timing = dataTiming("noLaterThan='600000' returnTrip='5000'");
      await sent(application, wilma, fred, '<n0 />', hold + statusRequest(87) + timing);
      for (let number = 1; number < 5; number += 1) {
        await sent(application, wilma, fred, `<n${number} />`, hold);
      }
      await server.crash();
      await perform(
        async ({ join, authenticated }) => {
          const originator = await join(wilma);
          const receiver = await authenticated(fred);
          receiver.acknowledges = false;
          await receiver.startApex();
          expect((await receiver.attach(fred)).name).toBe('ok');
          const { control } = await receiver.delivery(fred);
          expect(control).toContain('<n0');
          const { noLaterThan, returnTrip } = attributesOf(control, 'dataTiming');
          expect(Number(noLaterThan)).toBeLessThan(600_000);
          expect(returnTrip).toBe('5000');
          receiver.acknowledges = true;
          for (const message of receiver.unanswered.splice(0)) receiver.answer(message);
          expect(await names(receiver, fred, 4)).toEqual(['n1', 'n2', 'n3', 'n4']);
          expect(await reported(originator, wilma, 2)).toEqual([`86 ${fred} 250`, `87 ${fred} 250`]);
        },
        before,
        server,
      );
    }),
  );

  it(
    '[C14] [3342 §2.1 rule 2] stops no time: what is past its noLaterThan when the server is back is never delivered',
    onOwnServer({}, async (before, server) => {
      const { fred, wilma } = before;
      const application = await before.join(wilma);
      const milliseconds = 300;
      const timing = dataTiming(`noLaterThan='${milliseconds}' reportErrors='true'`);
      await sent(application, wilma, fred, '<lost />', hold + timing);
      await sent(application, wilma, fred, '<kept />', hold);
      await server.crash(() => passes(milliseconds + 50));
      await perform(
        async ({ join }) => {
          expect(await names(await join(fred), fred, 1)).toEqual(['kept']);
        },
        before,
        server,
      );
    }),
  );
});

describe.runIf(isOwnServer)('held data', () => {
  it(
    '[3342 §2.1 rule 2] [3342 §2.1 rule 3] with the shortest of times is delivered or has failed, one of the two, and harms nobody',
    onOwnServer({}, async ({ join, fred, wilma }) => {
      const receiver = await join(fred);
      const application = await join(wilma);
      const count = 300;
      const sending = Array.from({ length: count }, (_, index) => {
        const attributes = `noLaterThan='${1 + (index % 10)}' returnTrip='60000' reportErrors='true'`;
        const option = hold + dataTiming(attributes, 1000 + index);
        return application.data(wilma, fred, '<hello />', option);
      });
      for (const answer of await Promise.all(sending)) expect(answer.name).toBe('ok');
      const reports = await reported(application, wilma, count);
      expect(reports.map((report) => report.slice(0, 4))).toEqual(
        Array.from({ length: count }, (_, index) => String(1000 + index)),
      );
      for (const report of reports) expect(report).toMatch(/ (250|550)$/);
      await sent(application, wilma, fred, '<last />', '');
      await receiver.until(
        () => receiver.waiting(fred).some(({ content }) => content === '<last />') || undefined,
        'the last',
      );
    }),
  );

  it(
    '[C13] [3342 §1] does not wait for an application that was overridden without having answered',
    onOwnServer({ deliverySeconds: 3600 }, async (s) => {
      const application = await s.join(s.wilma);
      await sent(application, s.wilma, s.fred, '<n0 />', hold);
      await sent(application, s.wilma, s.fred, '<n1 />', hold);
      const silent = await s.authenticated(s.fred);
      silent.acknowledges = false;
      await silent.startApex();
      expect((await silent.attach(s.fred)).name).toBe('ok');
      await silent.delivery(s.fred);
      const later = await unattached(s, s.fred);
      expect((await later.attach(s.fred, 7, override)).name).toBe('ok');
      expect(await names(later, s.fred, 2)).toEqual(['n0', 'n1']);
    }),
  );
});

describe.runIf(isOwnServer)('what an administrator does', () => {
  it(
    '[C14] [A5] to access counts on delivery, though it was allowed on arrival',
    onOwnServer({}, async ({ join, fred, wilma }, server) => {
      const application = await join(wilma);
      await sent(application, wilma, fred, '<lost />', hold + statusRequest(86));
      const desk = subaddress(fred, 'desk');
      const own = await join(desk);
      await sent(own, desk, fred, '<kept />', hold);
      await server.administer({ op: 'access.remove', owner: fred, actor: wilma });
      expect(await names(await join(fred), fred, 1)).toEqual(['kept']);
      expect(await reported(application, wilma)).toEqual([`86 ${fred} 537`]);
    }),
  );

  it(
    '[A8] to an endpoint removes what is held for it and for its subaddresses: the next of that name gets nothing of it',
    onOwnServer({}, async ({ join, password, fred, wilma }, server) => {
      const application = await join(wilma);
      const desk = subaddress(fred, 'desk');
      await sent(application, wilma, [fred, desk], '<lost />', hold);
      await server.administer({ op: 'endpoint.remove', endpoint: fred });
      await server.administer({ op: 'endpoint.add', endpoint: fred, password });
      await server.administer({ op: 'access.set', owner: fred, actor: wilma, actions: ['core:data'] });
      await sent(application, wilma, [fred, desk], '<kept />', hold);
      expect(await names(await join(fred), fred, 1)).toEqual(['kept']);
      expect(await names(await join(desk), desk, 1)).toEqual(['kept']);
    }),
  );
});

describe.runIf(isOwnServer)('what is held for an endpoint', () => {
  it(
    '[C14] [3342 §7 rule 2] is limited in number: the next one is dropped, and reported as 550 if a status was asked for',
    onOwnServer({ heldMessagesPerEndpoint: 3 }, async ({ join, fred, wilma, barney }) => {
      const application = await join(wilma);
      for (const name of ['a', 'b', 'c']) await sent(application, wilma, fred, `<${name} />`, hold);
      await sent(application, wilma, fred, '<lost />', hold);
      await sent(application, wilma, fred, '<lost />', hold + statusRequest(86));
      expect(await reported(application, wilma)).toEqual([`86 ${fred} 550`]);
      // Each endpoint has a limit of its own.
      const desk = subaddress(barney, 'desk');
      const own = await join(desk);
      for (const name of ['d', 'e', 'f']) await sent(own, desk, barney, `<${name} />`, hold);
      expect(await names(await join(barney), barney, 3)).toEqual(['d', 'e', 'f']);

      const receiver = await join(fred);
      expect(await names(receiver, fred, 3)).toEqual(['a', 'b', 'c']);
      // Whoever is attached is not held anything; then there is room again.
      await expectNoReport(application, wilma, fred);
      expect(await names(receiver, fred, 1)).toEqual(['last']);
      expect((await receiver.terminate(0)).name).toBe('ok');
      for (const name of ['g', 'h', 'i']) await sent(application, wilma, fred, `<${name} />`, hold);
      expect((await receiver.attach(fred)).name).toBe('ok');
      expect(await names(receiver, fred, 3)).toEqual(['g', 'h', 'i']);
    }),
  );

  it(
    '[C14] [3342 §7 rule 2] is limited in octets, over a restart too, while a smaller one still finds room',
    onOwnServer({ heldOctetsPerEndpoint: 20_000 }, async (before, server) => {
      const { fred, wilma } = before;
      const long = (name: string): string => `<${name}>${'x'.repeat(12_000)}</${name}>`;
      const application = await before.join(wilma);
      await sent(application, wilma, fred, long('a'), hold);
      await sent(application, wilma, fred, long('lost'), hold + statusRequest(86));
      expect(await reported(application, wilma)).toEqual([`86 ${fred} 550`]);
      await server.crash();
      await perform(
        async ({ join }) => {
          const originator = await join(wilma);
          await sent(originator, wilma, fred, long('lost'), hold + statusRequest(86));
          expect(await reported(originator, wilma)).toEqual([`86 ${fred} 550`]);
          await sent(originator, wilma, fred, '<b />', hold);
          expect(await names(await join(fred), fred, 2)).toEqual(['a', 'b']);
        },
        before,
        server,
      );
    }),
  );

  it(
    '[C14] [3342 §7 rule 2] is limited in time where no noLaterThan limits it',
    onOwnServer({ heldSeconds: 1 }, async ({ join, fred, wilma }) => {
      const application = await join(wilma);
      await sent(application, wilma, fred, '<lost />', hold);
      await sent(application, wilma, fred, '<lost />', hold + statusRequest(86));
      expect(await reported(application, wilma)).toEqual([`86 ${fred} 550`]);
      const receiver = await join(fred);
      await sent(application, wilma, fred, '<kept />', hold);
      expect(await names(receiver, fred, 1)).toEqual(['kept']);
    }),
  );
});

describe.runIf(isOwnServer)('an option that the administrator has switched off', () => {
  it(
    '[3342 §7] [3342 §7 rule 1] [3342 §7 rule 2] [C5] is not known: 504 where it must be understood, ignored elsewhere',
    onOwnServer(
      {},
      async ({ join, fred, wilma }) => {
        const application = await join(wilma);
        const timing = dataTiming("noLaterThan='60000' returnTrip='60000'");
        const must = "<option internal='hold4Endpoint' targetHop='all' mustUnderstand='true' />";
        for (const option of [timing, must]) {
          const answer = await application.data(wilma, fred, '<lost />', option);
          expect(answer).toMatchObject({ keyword: 'ERR', code: 504 });
        }
        await sent(application, wilma, fred, '<lost />', hold + statusRequest(86));
        expect(await reported(application, wilma)).toEqual([`86 ${fred} 550`]);
        const receiver = await join(fred);
        await sent(application, wilma, fred, '<hello />', timing.replaceAll('true', 'false'));
        expect(await names(receiver, fred, 1)).toEqual(['hello']);
        await expectNoReport(application, wilma, fred);
      },
      { disabled: ['dataTiming', 'hold4Endpoint'] },
    ),
  );
});
