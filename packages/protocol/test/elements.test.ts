import { MessageError, parseXml } from '@apex/beep';
import { describe, expect, it } from 'vitest';
import { codecOf } from './elements.ts';

const read = (xml: string): unknown => {
  const element = parseXml(xml);
  return codecOf(element.name).parse(element);
};
const written = (xml: string): string => {
  const element = parseXml(xml);
  const codec = codecOf(element.name);
  return codec.format(codec.parse(element) as never);
};
const refusesEach = (xmls: readonly string[]): void => {
  for (const xml of xmls) {
    expect(() => read(xml), xml).toThrowError(MessageError);
    expect(() => read(xml), xml).toThrowError(expect.objectContaining({ replyCode: 501 }));
  }
};

const OPTION = "<option internal='attachOverride' targetHop='this' transID='3' />";

describe('elements of the core', () => {
  it('[3340 §4.4.1] [3340 §5 rule 10] attach names an endpoint and a transaction, and may carry options', () => {
    const xml = `<attach endpoint='fred@example.com' transID='1'>${OPTION}${OPTION}</attach>`;
    expect(written(xml)).toBe(xml);
    refusesEach([
      "<attach transID='1' />",
      "<attach endpoint='fred@example.com' />",
      "<attach endpoint='fred@example.com' transID='0' />",
      "<attach endpoint='fred@example.com' transID='1'><x /></attach>",
      "<attach endpoint='fred@example.com' transID='1'>x</attach>",
    ]);
  });

  it('[3340 §4.4.2] bind names a domain and a transaction, and may carry options', () => {
    const xml = `<bind relay='example.com' transID='1'>${OPTION}</bind>`;
    expect(written(xml.replace('example', 'Example'))).toBe(xml);
    refusesEach([
      "<bind transID='1' />",
      "<bind relay='fred@example.com' transID='1' />",
      "<bind relay='' transID='1' />",
    ]);
  });

  it('[3340 §4.4.3] [3343 §4.5] terminate names a transaction, with a code and a text at will', () => {
    const xml = "<terminate transID='1' code='556' xml:lang='en'>over&#10;ridden</terminate>";
    expect(read(xml)).toStrictEqual({
      kind: 'terminate',
      transID: 1,
      code: 556,
      text: 'over\nridden',
      lang: 'en',
    });
    expect(written(xml)).toBe(xml);
    refusesEach([
      "<terminate transID='2147483648' />",
      "<terminate code='600' />",
      "<terminate xml:lang='e n' />",
    ]);
  });

  it('[3340 §4.4.4] data has one originator, recipients, options and at most one data-content, in this order', () => {
    const o = "<originator identity='a@b' />";
    const r = "<recipient identity='c@d' />";
    const c = "<data-content Name='C'><x /></data-content>";
    const data = (inner: string): string => `<data content='#C'>${inner}</data>`;
    expect(written(data(o + r + r + OPTION + c))).toBe(data(o + r + r + OPTION + c));
    refusesEach([
      data(o + c),
      data(r + o + c),
      data(o + o + r + c),
      data(o + r + c + OPTION),
      data(o + r + c + c),
      data(o + r),
    ]);
    refusesEach([
      data(`${o}${r}x${c}`),
      data(`${o}${r}<data-content Name='1'/>`),
      `<data>${o}${r}${c}</data>`,
    ]);
  });

  it('[3340 §6.1.2] [3343 §4.7] [3341 §4.5] reply has a code, the transID it answers, and text at will', () => {
    const xml = "<reply code='550' transID='7' xml:lang='en'>unknown endpoint</reply>";
    expect(written(xml)).toBe(xml);
    refusesEach([
      "<reply transID='1' />",
      "<reply code='25' transID='1' />",
      "<reply code='250' transID='1'><x /></reply>",
    ]);
  });

  it('[3340 §9.2] [3340 §6.2] [3340 §6.2 rule 5] [3340 §6.2 rule 6] [3340 §6.2 rule 7] [3340 §6.2 rule 8] statusResponse tells the status of each recipient', () => {
    const xml =
      "<statusResponse transID='86'><destination identity='a@b'><reply code='250' /></destination><destination identity='c@d'><reply code='550' transID='86'>unknown</reply></destination></statusResponse>";
    expect(written(xml)).toBe(xml);
    expect(read(xml)).toMatchObject({
      transID: 86,
      destinations: [{ identity: 'a@b' }, { reply: { code: 550 } }],
    });
    refusesEach([
      "<statusResponse transID='86' />",
      "<statusResponse transID='86'><destination identity='a@b' /></statusResponse>",
      "<statusResponse transID='86'><destination><reply code='250' /></destination></statusResponse>",
      "<statusResponse transID='86'><destination identity='a@b'><reply code='250' /><reply code='250' /></destination></statusResponse>",
    ]);
  });
});

describe('elements of the access service', () => {
  it('[3341 §6] [3341 §4.2] query names owner, actor without wildcards, actions and transID', () => {
    const xml = "<query owner='a@b' actor='c@d' actions='core:data presence:subscribe' transID='1' />";
    expect(written(xml)).toBe(xml);
    refusesEach(["<query owner='a@b' actor='c@*' actions='core:data' transID='1' />"]);
  });

  it('[3341 §4.2 step 5] [3341 §4.2 step 6] allow and deny carry the transID', () => {
    expect(written("<allow transID='1' />")).toBe("<allow transID='1' />");
    expect(written("<deny transID='1' />")).toBe("<deny transID='1' />");
  });

  it('[3341 §6] [3341 §4.3] get names owner, actor and transID', () => {
    const xml = "<get owner='a@b' actor='*@*.d' transID='1' />";
    expect(written(xml)).toBe(xml);
    refusesEach(["<get owner='*@b' actor='c' transID='1' />", "<get owner='a@b' transID='1' />"]);
  });

  it('[3341 §6] [3341 §4.4] set carries one entry; actions and lastUpdate may be absent', () => {
    for (const rest of [
      '',
      " actions='all:none'",
      " actions='core:data' lastUpdate='2000-05-14T13:20:00-08:00'",
    ]) {
      const xml = `<set transID='1'><access owner='a@b' actor='*@*'${rest} /></set>`;
      expect(written(xml)).toBe(xml);
    }
    refusesEach(["<set transID='1'></set>"]);
  });
});

describe('elements of the presence service', () => {
  it('[3343 §6] [3343 §4.2] [3343 §4.3] subscribe and watch name publisher, transID and duration in seconds', () => {
    for (const name of ['subscribe', 'watch']) {
      const xml = `<${name} publisher='a@b' duration='86400' transID='1' />`;
      expect(written(xml)).toBe(xml);
      refusesEach([`<${name} duration='0' transID='1' />`, `<${name} publisher='a@b' duration='0' />`]);
    }
  });

  it('[3343 §6] [3343 §4.4] publish names publisher, transID and timeStamp and carries one presence', () => {
    const presence =
      "<presence publisher='a@b' lastUpdate='2000-05-14T13:02:00-08:00' publisherInfo='http://a/'><tuple destination='apex:a@b' availableUntil='2000-05-14T14:02:00-08:00' tupleInfo='http://b/'><capability baseline='urn:ietf:rfc:rfc2533'>(&amp; x)</capability></tuple></presence>";
    const publish = (inner: string): string =>
      `<publish publisher='a@b' transID='1' timeStamp='2000-05-14T13:30:00-08:00'>${inner}</publish>`;
    expect(written(publish(presence))).toBe(publish(presence));
    refusesEach([publish(''), publish(presence + presence)]);
  });

  it('[3343 §6] [3343 §4.6] notify names the subscriber, the transID, the duration and what happened', () => {
    const xml = "<notify subscriber='a@b' transID='2' duration='86400' action='terminate' />";
    expect(written(xml)).toBe(xml);
    refusesEach(["<notify transID='1' />", "<notify subscriber='a@b' />"]);
  });
});
