import { expect, test } from 'vitest';
import { checkText } from '../src/repository.ts';

// Put together here, because the check reads this file too.
const host = ['registry', 'example', 'org'].join('.');
const path = ['', 'work', 'main', 'file.ts'].join('/');

test('the host of a package registry is reported with its line', () => {
  expect(checkText('a.txt', `one\nsee ${host}/zod\n`, undefined)).toEqual([
    'a.txt:2: names the host of a package registry',
  ]);
});

test("the host of this machine's registry is reported", () => {
  expect(checkText('a.txt', 'https://packages.internal/zod', 'packages.internal')).toHaveLength(1);
});

test('an absolute path is reported, an address with the same words is not', () => {
  expect(checkText('a.txt', `cd ${path}`, undefined)).toEqual([
    'a.txt:1: names an absolute path of one machine',
  ]);
  expect(checkText('a.txt', `https://example.com${path}`, undefined)).toEqual([]);
});
