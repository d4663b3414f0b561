import { MessageError } from '@apex/beep';
import { describe, expect, it } from 'vitest';
import { MAX_TRANSID, newTransID, parseTransID, parseTransIDOrZero, secureRandom } from '../src/index.ts';

describe('transaction-identifiers', () => {
  it('[3340 §9.1] reads UNIQID and UNIZID, leading zeros within ten digits', () => {
    expect(parseTransID('1')).toBe(1);
    expect(parseTransID('0000000042')).toBe(42);
    expect(parseTransID('2147483647')).toBe(MAX_TRANSID);
    expect(parseTransIDOrZero('0')).toBe(0);
  });

  it.each([
    '',
    '0',
    '00',
    '-1',
    '+1',
    '1.0',
    ' 1',
    '1e3',
    '0x1',
    '2147483648',
    '9999999999',
    '00000000001',
    '\u0661',
  ])('[3340 §9.1] refuses %j as a UNIQID', (text) => {
    expect(() => parseTransID(text)).toThrowError(MessageError);
  });

  it('[3340 §6.1.1] generates them unpredictably, never zero, never one that is in use', () => {
    const drawn = [0, 1, 2, 0xffffffff];
    const random = () => drawn.shift() as number;
    expect(newTransID(random, (transID) => transID === 1)).toBe(MAX_TRANSID);
    const secure = secureRandom();
    const seen = new Set(Array.from({ length: 1000 }, () => newTransID(secure)));
    expect(seen.size).toBe(1000);
    for (const transID of seen) expect(transID).toBeGreaterThan(0);
  });
});
