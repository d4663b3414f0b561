import { describe, expect, it } from 'vitest';
import { type Application, newTransID, publishElement, tupleElement } from '../../src/application.ts';
import { type Scene, scenes, subaddress } from '../../src/scenes.ts';
import { isOwnServer } from '../../src/target.ts';
import { characterData, type Element, element, escapeXml, startTags } from '../../src/xml.ts';
import { expectNothing, moodOf, onOwnServer, publish, replace, subscribed } from './playing.ts';

const scene = scenes('publish');

/** Fred's application, and the lastUpdate of his entry. */
async function withEntry({ join, fred }: Scene) {
  const application = await join(fred);
  const { attributes } = await application.poll(fred);
  return { application, lastUpdate: String(attributes['lastUpdate']) };
}

describe('a publish is refused', () => {
  it(
    '[3343 §4.4 step 1] [C12] with 503 when it names one publisher and its presence another, before all else',
    scene(async ({ join, fred, wilma }) => {
      const application = await join(fred);
      for (const [publisher, presencePublisher] of [
        [fred, wilma],
        ['fred@elsewhere.invalid', fred],
      ] as const) {
        const transID = newTransID();
        const request = publishElement(publisher, '1970-01-01T00:00:00Z', { transID, presencePublisher });
        await application.operate(fred, request);
        expect(await application.replyCode(fred, transID)).toBe(503);
      }
    }),
  );

  it(
    '[3343 §4.4 step 2] with 553 for a publisher of another domain',
    scene(async ({ join, fred }) => {
      const application = await join(fred);
      const transID = newTransID();
      await application.operate(
        fred,
        publishElement('fred@elsewhere.invalid', '1970-01-01T00:00:00Z', { transID }),
      );
      expect(await application.replyCode(fred, transID)).toBe(553);
    }),
  );

  it(
    '[3343 §4.4 step 3] [P6] with 550 for a publisher that is no endpoint, or a subaddress',
    scene(async ({ join, domain, fred }) => {
      const application = await join(fred);
      for (const publisher of [`nobody@${domain}`, subaddress(fred, 'desk')]) {
        const transID = newTransID();
        await application.operate(fred, publishElement(publisher, '1970-01-01T00:00:00Z', { transID }));
        expect(await application.replyCode(fred, transID), publisher).toBe(550);
      }
    }),
  );

  it(
    '[3343 §4.4 step 4] with 537 for an originator whom the publisher does not allow, whatever lastUpdate says',
    scene(async ({ join, fred, wilma }) => {
      const application = await join(wilma);
      const { attributes } = await application.poll(wilma, fred);
      for (const lastUpdate of [String(attributes['lastUpdate']), '1970-01-01T00:00:00Z']) {
        const transID = newTransID();
        await application.operate(wilma, publishElement(fred, lastUpdate, { transID }));
        expect(await application.replyCode(wilma, transID)).toBe(537);
      }
    }),
  );

  it(
    '[3343 §4.4 step 5] [P1] [A4] with 555 for a lastUpdate that is older, newer, or finer than the one of the entry, and nothing changes',
    scene(async (s) => {
      const { application, lastUpdate } = await withEntry(s);
      const { fred } = s;
      const other = (ms: number): string => new Date(Date.parse(lastUpdate) + ms).toISOString();
      for (const wrong of [other(-1), other(1), other(3_600_000), `${lastUpdate.slice(0, 23)}1Z`]) {
        const transID = newTransID();
        await application.operate(fred, publishElement(fred, wrong, { transID }));
        expect(await application.replyCode(fred, transID), wrong).toBe(555);
      }
      expect((await application.poll(fred)).attributes['lastUpdate']).toBe(lastUpdate);
    }),
  );

  it(
    '[3343 §4.4] [P13] with 501 for times that are none, and for an entry without a tuple or a lastUpdate',
    scene(async (s) => {
      const { application, lastUpdate } = await withEntry(s);
      const { fred } = s;
      const transID = newTransID();
      const right = publishElement(fred, lastUpdate, { transID });
      for (const request of [
        publishElement(fred, 'yesterday', { transID }),
        publishElement(fred, '2026-02-30T00:00:00Z', { transID }),
        publishElement(fred, lastUpdate, { transID, timeStamp: '2026-11-25' }),
        publishElement(fred, lastUpdate, { transID, tuples: '' }),
        publishElement(fred, lastUpdate, { transID, tuples: tupleElement('urn:x', '2026-11-25T24:00:01Z') }),
        publishElement(fred, lastUpdate, { transID, tuples: tupleElement('not a URI') }),
        publishElement(fred, lastUpdate, { transID, publisherInfo: ':' }),
        right.replace(/ lastUpdate='[^']*'/, ''),
        right.replace(/ timeStamp='[^']*'/, ''),
        right.replace(/<presence.*<\/presence>/, ''),
        right.replace(/<presence.*<\/presence>/, '$&$&'),
      ]) {
        await application.operate(fred, request);
        expect(await application.replyCode(fred, transID), request).toBe(501);
      }
      expect((await application.poll(fred)).attributes['lastUpdate']).toBe(lastUpdate);
    }),
  );

  it.runIf(isOwnServer)(
    '[P11] with 554 for more tuples or octets of capabilities than the limits',
    onOwnServer({ tuplesPerEntry: 2, capabilityOctets: 10 }, async (s) => {
      const { application, lastUpdate } = await withEntry(s);
      const { fred } = s;
      const capable = (value: string): string =>
        `<tuple destination='urn:x' availableUntil='2030-01-01T00:00:00Z'><capability baseline='urn:x'>${value}</capability></tuple>`;
      const tuple = tupleElement('urn:x');
      for (const [tuples, code] of [
        [tuple.repeat(3), 554],
        [capable('x'.repeat(11)), 554],
        [capable('x'.repeat(6)).repeat(2), 554],
        [capable('ëëëëëë'), 554],
        [capable('ëëëëë') + tuple, 250],
      ] as const) {
        const transID = newTransID();
        await application.operate(fred, publishElement(fred, lastUpdate, { transID, tuples }));
        expect(await application.replyCode(fred, transID), tuples).toBe(code);
      }
    }),
  );
});

describe('a publish', () => {
  it(
    '[3343 §2.1] [3343 §2.2 rule 1] [3343 §4.4 step 6] [3343 §4.4 step 6.1] [3343 §4.4 step 6.2] [3343 §4.4 step 6.3] is answered 250 and replaces the entry, with a lastUpdate of the service',
    scene(async (s) => {
      const { application, lastUpdate } = await withEntry(s);
      const { fred } = s;
      await replace(application, fred, lastUpdate, 'happy');
      const first = await application.poll(fred);
      expect(moodOf(first)).toBe('happy');
      const newer = String(first.attributes['lastUpdate']);
      expect(Date.parse(newer)).toBeGreaterThan(Date.parse(lastUpdate));
      const transID = newTransID();
      await application.operate(fred, publishElement(fred, lastUpdate, { transID }));
      expect(await application.replyCode(fred, transID)).toBe(555);
      await replace(application, fred, newer, 'sad');
      expect(moodOf(await application.poll(fred))).toBe('sad');
    }),
  );

  it(
    '[3343 §4.4 step 5] [A4] takes the lastUpdate as an instant: with another offset, or more digits',
    scene(async (s) => {
      const { application, lastUpdate } = await withEntry(s);
      const { fred } = s;
      const shifted = new Date(Date.parse(lastUpdate) + 5.5 * 3_600_000).toISOString().replace('Z', '+05:30');
      await replace(application, fred, shifted, 'happy');
      const { attributes } = await application.poll(fred);
      await replace(application, fred, `${String(attributes['lastUpdate']).slice(0, 23)}000z`, 'sad');
      expect(moodOf(await application.poll(fred))).toBe('sad');
    }),
  );

  it(
    '[3343 §3] keeps all that the entry says, as it was meant',
    scene(async (s) => {
      const { application, lastUpdate } = await withEntry(s);
      const { fred } = s;
      const capability =
        "<capability baseline='urn:x'>a &lt; b &amp;&#38; c\n<![CDATA[<d>]]> \u{1F600}</capability>";
      const tuples =
        `<tuple destination='mailto:fred@example.com' availableUntil='2030-01-01T00:00:00.123456+01:00' tupleInfo='urn:info'>${capability}` +
        `<capability baseline='urn:y'/></tuple>${tupleElement('urn:second', '2020-01-01T00:00:00Z')}`;
      const transID = newTransID();
      await application.operate(
        fred,
        publishElement(fred, lastUpdate, { transID, tuples, publisherInfo: 'http://example.com/?a=1&b=2' }),
      );
      expect(await application.replyCode(fred, transID)).toBe(250);
      const { attributes, inner } = await application.poll(fred);
      expect(attributes['publisherInfo']).toBe('http://example.com/?a=1&b=2');
      expect(startTags(inner, 'tuple').map((tuple) => tuple.attributes)).toEqual([
        {
          destination: 'mailto:fred@example.com',
          availableUntil: '2030-01-01T00:00:00.123456+01:00',
          tupleInfo: 'urn:info',
        },
        { destination: 'urn:second', availableUntil: '2020-01-01T00:00:00Z' },
      ]);
      expect(startTags(inner, 'capability').map((tag) => tag.attributes['baseline'])).toEqual([
        'urn:x',
        'urn:y',
      ]);
      expect(characterData(element(inner, 'capability').inner)).toBe('a < b && c\n<d> \u{1F600}');
    }),
  );

  it(
    '[3343 §3] keeps capabilities of any kind, however long: in the entry and in what subscribers get',
    scene(async (s) => {
      const { application, lastUpdate } = await withEntry(s);
      const { fred } = s;
      await application.subscribe(fred, fred, 600);
      await application.published(fred);
      // Of no syntax that anybody knows, with what XML has to escape.
      const specification = '(& (?type="x/y;q=]]>") (\\u00e9) \u00e9\u4e16) '.repeat(150);
      const tuples = Array.from(
        { length: 30 },
        (_, index) =>
          `<tuple destination='urn:x:${index}' availableUntil='2030-01-01T00:00:00Z'>` +
          (index === 29
            ? `<capability baseline='urn:ietf:rfc:rfc2533'>${escapeXml(specification)}</capability></tuple>`
            : '</tuple>'),
      );
      const transID = newTransID();
      await application.operate(fred, publishElement(fred, lastUpdate, { transID, tuples: tuples.join('') }));
      expect(await application.replyCode(fred, transID)).toBe(250);
      const told = await application.published(fred);
      expect(startTags(told.inner, 'tuple')).toHaveLength(30);
      expect(characterData(element(told.inner, 'capability').inner)).toBe(specification);
      expect((await application.poll(fred)).inner).toBe(told.inner);
    }),
  );

  it(
    '[P10] [A4] of several applications in turn reaches a subscriber in the order of lastUpdate, none missing',
    scene(async ({ authenticated, join, fred, wilma }) => {
      const publisher = await authenticated(fred);
      await publisher.startApex();
      const tools = ['desk', 'phone', 'tablet'].map((name) => subaddress(fred, name));
      for (const tool of tools) await publisher.attach(tool);
      const application = await join(wilma);
      await subscribed(application, wilma, fred);
      const each = 8;
      const published = await Promise.all(tools.map((tool) => insistently(publisher, tool, fred, each)));
      const seen: Element[] = [];
      for (let count = 0; count < published.flat().length; count += 1) {
        seen.push(await application.published(wilma));
      }
      await expectNothing(application, wilma);
      const updates = seen.map(({ attributes }) => Date.parse(String(attributes['lastUpdate'])));
      expect(new Set(updates).size).toBe(each * tools.length);
      expect([...updates].sort((a, b) => a - b)).toEqual(updates);
      // What each published comes in the order in which it did.
      for (const moods of published) {
        expect(seen.map(moodOf).filter((mood) => moods.includes(mood))).toEqual(moods);
      }
      expect((await publisher.poll(tools[0] as string, fred)).inner).toBe(seen.at(-1)?.inner);
    }),
  );

  it(
    '[3343 §4.2 step 6.3] [P10] [C16] goes to everybody who subscribes, once, and to nobody else',
    scene(async ({ authenticated, join, fred, wilma, barney }) => {
      const publisher = await join(fred);
      const application = await authenticated(wilma);
      await application.startApex();
      const tools = ['a', 'b', 'c'].map((name) => subaddress(wilma, name));
      for (const tool of tools) await application.attach(tool);
      for (const tool of tools.slice(0, 2)) await subscribed(application, tool, fred);
      const other = await join(barney);
      await publish(publisher, fred, 'happy');
      for (const tool of tools.slice(0, 2)) {
        expect(moodOf(await application.published(tool))).toBe('happy');
        await expectNothing(application, tool);
      }
      await expectNothing(application, tools[2] as string);
      await expectNothing(other, barney);
    }),
  );

  it(
    '[P10] of two at the same time on the same lastUpdate lets one win: the other one gets 555',
    scene(async ({ authenticated, fred }) => {
      const application = await authenticated(fred);
      await application.startApex();
      const tools = Array.from({ length: 8 }, (_, index) => subaddress(fred, `tool${index}`));
      for (const tool of tools) await application.attach(tool);
      const { attributes } = await application.poll(tools[0] as string, fred);
      const transID = newTransID();
      const request = publishElement(fred, String(attributes['lastUpdate']), { transID });
      await Promise.all(tools.map((tool) => application.operate(tool, request)));
      const codes = await Promise.all(tools.map((tool) => application.replyCode(tool, transID)));
      expect(codes.sort()).toEqual([250, ...Array.from({ length: 7 }, () => 555)]);
    }),
  );

  it(
    '[C8] of a subaddress is for its endpoint',
    scene(async ({ join, fred, wilma }) => {
      const application = await join(wilma);
      const desk = subaddress(fred, 'desk');
      const publisher = await join(desk);
      await subscribed(application, wilma, fred);
      await publish(publisher, desk, 'happy', fred);
      expect(moodOf(await application.published(wilma))).toBe('happy');
    }),
  );
});

/** Publishes so many moods, each on the entry as it is then; returns them. */
async function insistently(
  application: Application,
  endpoint: string,
  publisher: string,
  count: number,
): Promise<string[]> {
  const moods: string[] = [];
  while (moods.length < count) {
    const { attributes } = await application.poll(endpoint, publisher);
    const mood = `${endpoint.split(/[/@]/)[1]}-${moods.length}`;
    const transID = newTransID();
    const tuples = tupleElement(`urn:mood:${mood}`);
    await application.operate(
      endpoint,
      publishElement(publisher, String(attributes['lastUpdate']), { transID, tuples }),
    );
    const code = await application.replyCode(endpoint, transID);
    if (code === 250) moods.push(mood);
    else expect(code).toBe(555);
  }
  return moods;
}
