import { describe, expect, it } from 'vitest';
import { newTransID, presenceOf, publishElement } from '../../src/application.ts';
import { isOwnServer } from '../../src/target.ts';
import {
  ending,
  expectNothing,
  moodOf,
  notification,
  onOwnServer,
  publish,
  subscribed,
  watching,
} from './playing.ts';

describe('what an administrator does takes effect at once', () => {
  it.runIf(isOwnServer)(
    '[A5] operations that are no longer allowed end with 537, and those who still watch are told',
    onOwnServer({}, async ({ join, fred, wilma }, server) => {
      const [publisher, application] = [await join(fred), await join(wilma)];
      const watch = await watching(publisher, fred, fred);
      const transID = await subscribed(application, wilma, fred);
      expect(await notification(publisher, fred, watch)).toBe(`subscribe ${wilma} 600`);
      await server.administer({ op: 'access.set', owner: fred, actor: wilma, actions: ['core:data'] });
      expect(await ending(application, wilma)).toBe(`terminate ${transID} 537`);
      expect(await notification(publisher, fred, watch)).toBe(`terminate ${wilma} 0`);
      const refused = await application.subscribe(wilma, fred, 60);
      expect(await application.replyCode(wilma, refused)).toBe(537);
      await server.administer({
        op: 'access.set',
        owner: fred,
        actor: wilma,
        actions: ['presence:subscribe', 'presence:watch'],
      });
      const operations = [
        await subscribed(application, wilma, fred),
        await watching(application, wilma, fred, 1),
      ];
      expect(await notification(publisher, fred, watch)).toBe(`subscribe ${wilma} 600`);
      await server.administer({ op: 'access.remove', owner: fred, actor: wilma });
      const said = [await ending(application, wilma), await ending(application, wilma)];
      expect(said.sort()).toEqual(operations.map((transID) => `terminate ${transID} 537`).sort());
      expect(await notification(publisher, fred, watch)).toBe(`terminate ${wilma} 0`);
    }),
  );

  it.runIf(isOwnServer)(
    '[C7] whoever the entries of the service keep out is not heard, everybody else is',
    onOwnServer({}, async ({ join, fred, wilma }, server) => {
      const [publisher, application] = [await join(fred), await join(wilma)];
      const owner = presenceOf(fred);
      await server.administer({ op: 'access.set', owner, actor: wilma, actions: ['all:none'] });
      await application.subscribe(wilma, fred, 0);
      await expectNothing(application, wilma);
      await publisher.poll(fred);
      await server.administer({ op: 'access.remove', owner, actor: wilma });
      await application.poll(wilma, fred);
    }),
  );

  it.runIf(isOwnServer)(
    '[P12] [A8] the removal of an endpoint ends its attachments, its operations and those on it with 550',
    onOwnServer({}, async ({ join, fred, wilma, barney }, server) => {
      await server.administer({
        op: 'access.set',
        owner: wilma,
        actor: fred,
        actions: ['presence:subscribe'],
      });
      await server.administer({ op: 'access.set', owner: fred, actor: barney, actions: ['presence:watch'] });
      const [publisher, application, watcher] = [await join(fred), await join(wilma), await join(barney)];
      const transID = await subscribed(application, wilma, fred);
      const watch = await watching(watcher, barney, fred, 1);
      const own = await watching(application, wilma, wilma);
      await subscribed(publisher, fred, wilma);
      expect(await notification(application, wilma, own)).toBe(`subscribe ${fred} 600`);
      await server.administer({ op: 'endpoint.remove', endpoint: fred });
      expect((await publisher.nextTermination()).code).toBe('550');
      const said = [await ending(application, wilma), await ending(application, wilma)];
      expect(said.sort()).toEqual([`notify ${own} 250`, `terminate ${transID} 550`].sort());
      expect(await notification(watcher, barney, watch)).toBe(`terminate ${wilma} 0`);
      expect(await ending(watcher, barney)).toBe(`terminate ${watch} 550`);
      const again = await application.subscribe(wilma, fred, 60);
      expect(await application.replyCode(wilma, again)).toBe(550);
    }),
  );

  it.runIf(isOwnServer)(
    '[P2] [A8] an endpoint that is removed and added again begins anew: its entry, and whom it lets do what',
    onOwnServer({}, async (s, server) => {
      const { authenticated, join, fred, wilma } = s;
      const first = await join(fred);
      await publish(first, fred, 'happy');
      const before = String((await first.poll(fred)).attributes['lastUpdate']);
      await server.administer({ op: 'endpoint.remove', endpoint: fred });
      await expect(authenticated(fred)).rejects.toThrow('535');
      await server.administer({ op: 'endpoint.add', endpoint: fred, password: s.password });
      const second = await join(fred);
      const entry = await second.poll(fred);
      expect(Date.parse(String(entry.attributes['lastUpdate']))).toBeGreaterThan(Date.parse(before));
      expect(moodOf(entry)).toBe(`apex:${fred}`);
      const transID = newTransID();
      await second.operate(fred, publishElement(fred, before, { transID }));
      expect(await second.replyCode(fred, transID)).toBe(555);
      const application = await join(wilma);
      const refused = await application.subscribe(wilma, fred, 0);
      expect(await application.replyCode(wilma, refused)).toBe(537);
    }),
  );
});
