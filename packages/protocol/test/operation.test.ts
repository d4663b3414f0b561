import { MessageError, parseXml, ReplyError } from '@apex/beep';
import { describe, expect, it } from 'vitest';
import { formatOperation, parseOperation, readableTransID, replyCodeOf } from '../src/index.ts';

function refusal(xml: string): unknown {
  try {
    parseOperation(xml);
  } catch (error) {
    return error;
  }
  return undefined;
}

describe('operations', () => {
  it.each(['\u1680', '\ufeff'])(
    '[3341 §3] what is accepted as an action can be written: %j, a blank to some and part of a name to XML',
    (blank) => {
      const query = parseOperation(
        `<query owner='a@b' actor='c@d' actions='${blank}:data a:${blank}' transID='1' />`,
      );
      expect(parseOperation(formatOperation(query))).toStrictEqual(query);
    },
  );

  it('[P13] one that is not valid is refused with 501, one that is unknown with 504', () => {
    const invalid = refusal("<subscribe publisher='a@b' transID='1' />");
    expect(invalid).toBeInstanceOf(MessageError);
    expect(replyCodeOf(invalid)).toBe(501);
    const unknown = refusal("<unsubscribe transID='1' />");
    expect(unknown).toBeInstanceOf(ReplyError);
    expect(replyCodeOf(unknown)).toBe(504);
    expect(replyCodeOf(refusal('<subscribe'))).toBe(500);
    expect(replyCodeOf(new TypeError())).toBeUndefined();
  });

  it.each([
    "<subscribe publisher='a' transID='1' duration='0' />",
    "<subscribe publisher='a@b' transID='0' duration='0' />",
    "<subscribe publisher='a@b' transID='1' duration='-1' />",
    "<subscribe publisher='a@b' transID='1' duration='2147483648' />",
    "<subscribe publisher='a@b' transID='1' duration='1'>x</subscribe>",
    "<watch publisher='a@b' transID='1' duration='1'><a/></watch>",
    "<notify subscriber='a@b' transID='1' action='begin' />",
    "<publish publisher='a@b' transID='1' timeStamp='2000-05-14T13:30:00Z' />",
    "<publish publisher='a@b' transID='1' timeStamp='now'><presence publisher='a@b' lastUpdate='2000-05-14T13:30:00Z'><tuple destination='x:y' availableUntil='2000-05-14T13:30:00Z'/></presence></publish>",
    "<publish publisher='a@b' transID='1' timeStamp='2000-05-14T13:30:00Z'><presence publisher='a@b' lastUpdate='2000-05-14T13:30:00Z'/></publish>",
    "<publish publisher='a@b' transID='1' timeStamp='2000-05-14T13:30:00Z'><presence publisher='a@b' lastUpdate='2000-05-14T13:30:00Z'><tuple destination='y' availableUntil='2000-05-14T13:30:00Z'/></presence></publish>",
    "<publish publisher='a@b' transID='1' timeStamp='2000-05-14T13:30:00Z'><presence publisher='a@b' lastUpdate='2000-05-14T13:30:00Z'><tuple destination='x:y' availableUntil='2000-05-14T13:30:00Z'><capability>x</capability></tuple></presence></publish>",
    "<reply code='250' />",
    "<reply code='99' transID='1' />",
    "<reply code='600' transID='1' />",
    "<reply code='0250' transID='1' />",
    "<terminate transID='x' />",
    "<terminate code='' />",
    "<query owner='a@b' actor='c@d' actions='' transID='1' />",
    "<query owner='a@b' actor='c@d' actions='core' transID='1' />",
    "<query owner='a@b' actor='*' actions='core:data' transID='1' />",
    "<get owner='a@b' actor='c*@d' transID='1' />",
    "<set transID='1' />",
    "<set transID='1'><access owner='a@b' actor='c@d' actions='' /></set>",
    "<set transID='1'><access owner='a@b' actor='c@d' lastUpdate='' /></set>",
    "<set transID='1'><access owner='a@b' actor='c@d' /><access owner='a@b' actor='c@d' /></set>",
    '<allow />',
    "<statusResponse transID='1' />",
    "<statusResponse transID='1'><destination identity='a@b' /></statusResponse>",
  ])('[P13] refuses %s with 501', (xml) => {
    expect(replyCodeOf(refusal(xml))).toBe(501);
  });

  it('[3341 §3] a query names its actor without wildcards and escapes', () => {
    const query = "<query owner='a@b' actor='a\\b*c@Example.com' actions=' core:data  x:y ' transID='1' />";
    expect(parseOperation(query)).toMatchObject({
      actor: 'a\\b*c@example.com',
      actions: ['core:data', 'x:y'],
    });
    const get = "<get owner='a@b' actor='a\\\\b\\*c@Example.com' transID='1' />";
    expect(parseOperation(get)).toMatchObject({ actor: 'a\\\\b\\*c@example.com' });
  });

  it('[3343 §6] [3340 §9.1] has the defaults of the DTDs', () => {
    expect(parseOperation("<notify subscriber='a@b' transID='1' />")).toMatchObject({
      duration: 0,
      action: 'subscribe',
    });
    expect(parseOperation('<terminate />')).toStrictEqual({
      kind: 'terminate',
      transID: 0,
      code: 250,
      text: '',
    });
  });

  it('[P13] tells the transID of what it refused, when one can be read', () => {
    expect(readableTransID(parseXml("<x transID='42' y='z' />"))).toBe(42);
    for (const xml of ['<x />', "<x transID='' />", "<x transID='0' />", "<x transID='2147483648' />"]) {
      expect(readableTransID(parseXml(xml))).toBeUndefined();
    }
  });
});
