import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UsageError } from '../../../src/errors.ts';
import { saslprep } from '../../../src/profile/sasl/saslprep.ts';

describe('SASLprep', () => {
  it.each([
    ['I\u00adX', 'IX'],
    ['user', 'user'],
    ['USER', 'USER'],
    ['\u00aa', 'a'],
    ['\u2168', 'IX'],
  ])('[4013 §3] prepares the example %j', (text, prepared) => {
    expect(saslprep(text, 'stored')).toBe(prepared);
  });

  it.each(['\u0007', '\u0627\u0031'])('[4013 §3] refuses the example %j', (text) => {
    expect(() => saslprep(text, 'query')).toThrow(UsageError);
  });

  it('[4013 §2.1] maps other spaces to space and invisible characters to nothing', () => {
    expect(saslprep('a\u00a0b\u3000c', 'stored')).toBe('a b c');
    expect(saslprep('a\ufeff\u200db\ufe0f', 'stored')).toBe('ab');
  });

  it('[4013 §2.2] gives composed and decomposed characters one form', () => {
    expect(saslprep('re\u0301sume\u0301', 'stored')).toBe(saslprep('r\u00e9sum\u00e9', 'stored'));
  });

  it.each([
    '\u007f',
    '\u0085',
    '\u06dd',
    '\u2028',
    '\ue000',
    '\u{10ffff}',
    '\ufdd0',
    '\ud800',
    '\ufffd',
    '\u2ff0',
    '\u202e',
    '\u{e0041}',
  ])('[4013 §2.3] refuses %j', (character) => {
    expect(() => saslprep(`a${character}b`, 'query')).toThrow(
      expect.objectContaining({ code: 'password.characters' }),
    );
  });

  it.each([
    ['\u05d0\u05d1', true],
    ['\u05d0 1 \u05d1', true],
    ['\u05d0a\u05d1', false],
    ['1\u05d0', false],
    ['\u05d01', false],
    ['a1', true],
  ])('[4013 §2.4] takes right-to-left letters alone and at both ends: %j', (text, taken) => {
    const prepare = () => saslprep(text, 'stored');
    if (taken) expect(prepare()).toBe(text);
    else expect(prepare).toThrow(expect.objectContaining({ code: 'password.characters' }));
  });

  it('[4013 §2.5] refuses unassigned code points in what is stored, takes them in what is tried', () => {
    expect(() => saslprep('a\u0378', 'stored')).toThrow(
      expect.objectContaining({ code: 'password.characters' }),
    );
    expect(saslprep('a\u0378', 'query')).toBe('a\u0378');
  });

  it.each(['', '\u00ad\u200d'])('refuses %j, of which nothing is left', (text) => {
    expect(() => saslprep(text, 'query')).toThrow(expect.objectContaining({ code: 'password.empty' }));
  });

  // Invariant: what was prepared stays as it is when it is prepared again.
  it('is the same when it is applied twice', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        let once: string;
        try {
          once = saslprep(text, 'stored');
        } catch {
          return;
        }
        expect(saslprep(once, 'stored')).toBe(once);
      }),
    );
  });
});
