import { describe, expect, it } from 'vitest';
import { dataWithOptions } from '../../src/application.ts';
import { scenes, subaddress } from '../../src/scenes.ts';
import { startTags } from '../../src/xml.ts';

const scene = scenes('options');

const unknown = 'http://example.com/options#unknown';

function option(targetHop: string, mustUnderstand: string, content = ''): string {
  return `<option external='${unknown}' targetHop='${targetHop}' mustUnderstand='${mustUnderstand}' transID='86'>${content}</option>`;
}

describe('a per-data option that is not known', () => {
  it(
    '[3340 §4.4.4.1 step 2] [3340 §5 rule 16] [C5] for this hop or all, and to be understood, is answered 504, and nothing is delivered',
    scene(async ({ join, fred, wilma }) => {
      const receiver = await join(fred);
      const application = await join(wilma);
      for (const targetHop of ['this', 'all']) {
        const xml = dataWithOptions(wilma, {
          recipients: { [fred]: '' },
          data: option(targetHop, 'true'),
          content: '<lost />',
        });
        expect(await application.request(xml), targetHop).toMatchObject({ keyword: 'ERR', code: 504 });
      }
      await application.data(wilma, fred, '<hello />');
      expect((await receiver.next(fred)).name).toBe('hello');
    }),
  );

  it(
    '[C5] [3340 §5 rule 13] [3340 §4.4.4.1 step 3] for the final hop, and to be understood, is accepted with ok and leaves out the local recipients',
    scene(async ({ join, fred, wilma }) => {
      const receivers = [await join(fred), await join(subaddress(fred, 'a'))];
      const application = await join(wilma);
      const both = { [fred]: '', [subaddress(fred, 'a')]: '' };
      const implied = `<option external='${unknown}' mustUnderstand='true' transID='86' />`;
      for (const data of [option('final', 'true'), implied]) {
        expect(
          (await application.request(dataWithOptions(wilma, { recipients: both, data, content: '<lost />' })))
            .name,
        ).toBe('ok');
      }
      await application.request(dataWithOptions(wilma, { recipients: both }));
      expect((await receivers[0]?.next(fred))?.name).toBe('hello');
      expect((await receivers[1]?.next(subaddress(fred, 'a')))?.name).toBe('hello');
    }),
  );

  it(
    '[3340 §5 rule 7] [3340 §5 rule 16] that need not be understood is ignored',
    scene(async ({ join, fred, wilma }) => {
      const receiver = await join(fred);
      const application = await join(wilma);
      for (const targetHop of ['this', 'final', 'all']) {
        const data = `${option(targetHop, 'false')}<option internal='no-such-option' targetHop='${targetHop}' transID='87' />`;
        expect(
          (await application.request(dataWithOptions(wilma, { recipients: { [fred]: '' }, data }))).name,
        ).toBe('ok');
        expect((await receiver.next(fred)).name).toBe('hello');
      }
    }),
  );

  it(
    '[3340 §5 rule 16] beside others that may be ignored is found wherever it stands',
    scene(async ({ join, fred, wilma }) => {
      const application = await join(wilma);
      const must = option('this', 'true');
      const may = option('this', 'false');
      for (const data of [must + may, may + must, may + must + may]) {
        expect(
          (await application.request(dataWithOptions(wilma, { recipients: { [fred]: '' }, data }))).code,
        ).toBe(504);
      }
    }),
  );
});

describe('a per-originator option that is not known', () => {
  it(
    '[3340 §4.4.4.1 step 4] [3340 §5 rule 16] [C5] and must be understood is accepted with ok, and nobody gets the data',
    scene(async ({ join, fred, wilma }) => {
      const receiver = await join(fred);
      const application = await join(wilma);
      for (const targetHop of ['this', 'final', 'all']) {
        const xml = dataWithOptions(wilma, {
          originator: option(targetHop, 'true'),
          recipients: { [fred]: '' },
          content: '<lost />',
        });
        expect((await application.request(xml)).name, targetHop).toBe('ok');
      }
      const xml = dataWithOptions(wilma, { originator: option('all', 'false'), recipients: { [fred]: '' } });
      expect((await application.request(xml)).name).toBe('ok');
      expect((await receiver.next(fred)).name).toBe('hello');
    }),
  );
});

describe('a per-recipient option that is not known', () => {
  it(
    '[3340 §4.4.4.1 step 5.1] [3340 §5 rule 16] [C5] and must be understood leaves out its recipient, and no other',
    scene(async ({ join, fred, wilma }) => {
      const recipients = [fred, ...['a', 'b', 'c', 'd'].map((name) => subaddress(fred, name))] as const;
      const receivers = await Promise.all(recipients.map(join));
      const application = await join(wilma);
      const [whole, ...parts] = recipients;
      const options = [
        option('this', 'true'),
        option('final', 'true'),
        option('all', 'true'),
        option('all', 'false'),
      ];
      const xml = dataWithOptions(wilma, {
        recipients: {
          ...Object.fromEntries(parts.map((part, index) => [part, options[index] ?? ''])),
          [whole]: '',
        },
      });
      expect((await application.request(xml)).name).toBe('ok');
      await application.data(wilma, recipients, '<again />');
      const first = await Promise.all(
        recipients.map(async (recipient, index) => (await receivers[index]?.next(recipient))?.name),
      );
      expect(first).toEqual(['hello', 'again', 'again', 'again', 'hello']);
    }),
  );
});

describe('options on their way to the recipient', () => {
  it(
    '[3340 §5 rule 15] [3340 §5 rule 14] [3340 §4.4.4.2 step 1] [3340 §4.4.4.2 step 2.1] are all kept by the relay that delivers',
    scene(async ({ join, fred, wilma }) => {
      const receiver = await join(fred);
      const application = await join(wilma);
      const inner = "<x y='1'> a &lt; b <![CDATA[<c>]]></x>";
      const xml = dataWithOptions(wilma, {
        originator: option('all', 'false', inner),
        recipients: { [fred]: "<option internal='per-recipient' transID='1' />" },
        data: "<option internal='per-data' targetHop='all' transID='2147483647' localize='de en-US' />",
      });
      expect((await application.request(xml)).name).toBe('ok');
      const { control } = await receiver.delivery(fred);
      const tags = startTags(control, 'option').map(({ attributes }) => attributes);
      expect(tags).toMatchObject([
        { external: unknown, targetHop: 'all', transID: '86' },
        { internal: 'per-recipient', transID: '1' },
        { internal: 'per-data', targetHop: 'all', transID: '2147483647', localize: 'de en-US' },
      ]);
      expect(control.indexOf(inner)).toBeGreaterThan(control.indexOf('<originator'));
      expect(control.indexOf('per-recipient')).toBeGreaterThan(control.indexOf('<recipient'));
      expect(control.indexOf('</recipient>')).toBeLessThan(control.indexOf('per-data'));
    }),
  );

  it(
    '[3340 §4.4.4.1] those of one recipient are not shown to another',
    scene(async ({ join, fred, wilma }) => {
      const other = subaddress(fred, 'a');
      const receivers = [await join(fred), await join(other)];
      const application = await join(wilma);
      const xml = dataWithOptions(wilma, {
        recipients: {
          [fred]: "<option internal='for-fred' transID='1' />",
          [other]: "<option internal='for-the-other' transID='2' />",
        },
      });
      expect((await application.request(xml)).name).toBe('ok');
      const own = startTags((await receivers[0]?.delivery(fred))?.control ?? '', 'option');
      const others = startTags((await receivers[1]?.delivery(other))?.control ?? '', 'option');
      expect(own.map(({ attributes }) => attributes['internal'])).toEqual(['for-fred']);
      expect(others.map(({ attributes }) => attributes['internal'])).toEqual(['for-the-other']);
    }),
  );
});

it(
  '[C6] [3340 §5 rule 8] an option that never reports may leave its transID out',
  scene(async ({ join, fred, wilma }) => {
    const receiver = await join(fred);
    const application = await join(wilma);
    const xml = dataWithOptions(wilma, {
      recipients: { [fred]: '' },
      data: "<option internal='no-such-option' />",
    });
    expect((await application.request(xml)).name).toBe('ok');
    expect((await receiver.next(fred)).name).toBe('hello');
  }),
);
