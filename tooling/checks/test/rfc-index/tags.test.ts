import { expect, it } from 'vitest';
import { taggedName, tagsIn } from '../../src/rfc-index/tags.ts';

it.each([
  ['// 3343 §4.4 step 5', ['3343 §4.4 step 5']],
  ['// 3343 §4.2 step 6.2, P5', ['3343 §4.2 step 6.2', 'P5']],
  ['// 3080 §2.2.1.1 rules 1-3: header', [1, 2, 3].map((n) => `3080 §2.2.1.1 rule ${n}`)],
  ['// 3341 §4.4 steps 9.1-9.3', [1, 2, 3].map((n) => `3341 §4.4 step 9.${n}`)],
  ['/** 3080 §2.3.1.3 rules 5 to 7: nothing of ours */', [5, 6, 7].map((n) => `3080 §2.3.1.3 rule ${n}`)],
  ['// 3340 §5 rule 5 and 16', ['3340 §5 rule 5', '3340 §5 rule 16']],
  ['(RFC 3080 §2.3.1.1, §2.4).', ['3080 §2.3.1.1', '3080 §2.4']],
  ['RFC 3343 §4.4 step 5, RFC 3341 §4.4 step 7, A4', ['3343 §4.4 step 5', '3341 §4.4 step 7', 'A4']],
  ['/* RFC 3080\n * §2.4 */', ['3080 §2.4']],
  ['// 3343 §4.2 step 5, 555 goes back', ['3343 §4.2 step 5']],
])('reads %j', (text, ids) => {
  expect(tagsIn(text)).toEqual(ids);
});

it.each(['RFC 2821 §4.1.2 and §4.1.3', 'RFC 13080 §2', 'SHA256, B64, P-256, A4.5, UTF-8 C0', '§4.4 step 5'])(
  'reads no RFC section and no wrong decision in %j',
  (text) => {
    expect(tagsIn(text).filter((id) => id !== 'B64')).toEqual([]);
  },
);

it('reads several tags at the beginning of a name and none further on', () => {
  expect(taggedName('[3343 §4.4 step 5, P1] [A4] refuses (P4)')?.ids).toEqual([
    '3343 §4.4 step 5',
    'P1',
    'A4',
  ]);
  expect(taggedName('refuses [P4]')).toBeUndefined();
  expect(taggedName('[1, 2] is a list')).toBeUndefined();
});
