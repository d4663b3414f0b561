import { MessageError, parseXml } from '@apex/beep';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  attachOverrideOption,
  dataHoppingOf,
  dataHoppingOption,
  dataTimingOf,
  dataTimingOption,
  formatOption,
  hasAttachOverride,
  hasHold4Endpoint,
  hold4EndpointOption,
  newOption,
  optionSchema,
  parseOption,
  statusRequestOf,
  statusRequestOption,
} from '../../src/index.ts';
import { dataHoppings, dataTimings } from '../arbitraries.ts';

const read = (text: string) => parseOption(parseXml(text));

describe('options', () => {
  it('[3340 §9.1] [3340 §5 rule 6] [3340 §5 rule 7] [3340 §5 rule 9] has the defaults of the DTD', () => {
    expect(read("<option internal='x' transID='1' />")).toStrictEqual({
      internal: 'x',
      targetHop: 'final',
      mustUnderstand: false,
      transID: 1,
      localize: ['i-default'],
      content: '',
    });
    expect(read("<option internal='' external='urn:x' localize='' transID='1' />")).toMatchObject({
      external: 'urn:x',
      localize: [],
    });
  });

  it('[C6] [3340 §5 rule 8] reads options that never report without their transID', () => {
    expect(read("<option internal='hold4Endpoint' />").transID).toBeUndefined();
    expect(read("<option external='urn:x' />").transID).toBeUndefined();
    for (const name of ['statusRequest', 'dataTiming', 'dataHopping']) {
      expect(() => read(`<option internal='${name}' />`)).toThrowError(MessageError);
    }
  });

  it.each([
    "<option transID='1' />",
    "<option internal='' transID='1' />",
    "<option internal='a' external='urn:x' transID='1' />",
    "<option internal='a b' transID='1' />",
    "<option external='x' transID='1' />",
    "<option external='#x' transID='1' />",
    "<option external='../x' transID='1' />",
    "<option internal='a' targetHop='none' transID='1' />",
    "<option internal='a' mustUnderstand='1' transID='1' />",
    "<option internal='a' transID='0' />",
    "<option internal='a' localize='e_n' transID='1' />",
    "<option internal='a' transID='1' more='x' />",
  ])('[3340 §5 rule 5] [3340 §5 rule 11] refuses %s', (text) => {
    expect(() => read(text)).toThrowError(expect.objectContaining({ replyCode: 501 }));
  });

  it('[C9] keeps the content as it was written', () => {
    const text = `<option internal='x' transID='1'> <a  b="c">&#65;</a>\r\n</option>`;
    expect(read(text).content).toBe(' <a  b="c">&#65;</a>\r\n');
    expect(formatOption(read(text))).toBe(text);
  });

  it('[3340 §5] is written with the hop, the must and the languages where they differ from the defaults', () => {
    const option = newOption({
      internal: 'x',
      targetHop: 'all',
      mustUnderstand: true,
      transID: 7,
      localize: ['en', 'de'],
    });
    expect(formatOption(option)).toBe(
      "<option internal='x' targetHop='all' mustUnderstand='true' transID='7' localize='en de' />",
    );
  });
});

describe('the options that are known', () => {
  it('[3340 §5.1] [3340 §8.4] statusRequest has no content', () => {
    const option = statusRequestOption({ transID: 86, targetHop: 'final' });
    expect(formatOption(option)).toBe(
      "<option internal='statusRequest' mustUnderstand='true' transID='86' />",
    );
    expect(statusRequestOf([option])).toStrictEqual({ transID: 86, targetHop: 'final' });
    expect(statusRequestOf([])).toBeUndefined();
    expect(() => statusRequestOf([{ ...option, content: '<a/>' }])).toThrowError(MessageError);
  });

  it('[3342 §1] attachOverride has no content', () => {
    expect(formatOption(attachOverrideOption(3))).toBe("<option internal='attachOverride' transID='3' />");
    expect(hasAttachOverride([attachOverrideOption(3)])).toBe(true);
    expect(hasAttachOverride([])).toBe(false);
    expect(() => hasAttachOverride([{ ...attachOverrideOption(3), content: 'x' }])).toThrowError(
      MessageError,
    );
  });

  it('[3342 §3] [C14] hold4Endpoint is true by being there', () => {
    expect(formatOption(hold4EndpointOption())).toBe("<option internal='hold4Endpoint' />");
    expect(hasHold4Endpoint([hold4EndpointOption()])).toBe(true);
    expect(hasHold4Endpoint([])).toBe(false);
    expect(() => hasHold4Endpoint([{ ...hold4EndpointOption(), content: 'x' }])).toThrowError(MessageError);
  });

  // Invariant: what a typed option says is read from the option that carries it; the option is for
  // every hop, and must be understood.
  it('[3342 §2] [3342 §4] dataTiming and dataHopping carry their element', () => {
    fc.assert(
      fc.property(dataTimings, dataHoppings, (timing, hopping) => {
        const options = [dataTimingOption(timing, 86), dataHoppingOption(hopping, 87)];
        expect(dataTimingOf(options)).toStrictEqual(timing);
        expect(dataHoppingOf(options)).toStrictEqual(hopping);
        for (const option of options) {
          expect(optionSchema.safeParse(option).success).toBe(true);
          expect(option).toMatchObject({ targetHop: 'all', mustUnderstand: true });
          expect(read(formatOption(option))).toStrictEqual(option);
        }
      }),
    );
    expect(dataTimingOf([])).toBeUndefined();
    expect(dataHoppingOf([])).toBeUndefined();
  });

  it.each([
    '',
    'x',
    '<dataHopping />',
    '<dataTiming /><dataTiming />',
    "<dataTiming noLaterThan='-1' />",
    "<dataTiming noLaterThan='2147483648' />",
    "<dataTiming reportErrors='yes' />",
    '<dataTiming>x</dataTiming>',
  ])('[3342 §6] refuses dataTiming that contains %j', (content) => {
    const option = newOption({ internal: 'dataTiming', transID: 1, content });
    expect(() => dataTimingOf([option])).toThrowError(expect.objectContaining({ replyCode: 501 }));
  });

  it('[3342 §2.1.1] dataTiming of a final hop report has noLaterThan and no other attribute', () => {
    const timing = {
      kind: 'dataTiming',
      noLaterThan: 20000,
      returnTrip: 0,
      reportAfter: 0,
      reportErrors: false,
    } as const;
    expect(dataTimingOption(timing, 99).content).toBe("<dataTiming noLaterThan='20000' />");
  });

  it('[3342 §6] hops are 0..255', () => {
    const option = newOption({
      internal: 'dataHopping',
      transID: 1,
      content: "<dataHopping noMoreThan='256' />",
    });
    expect(() => dataHoppingOf([option])).toThrowError(MessageError);
  });
});
