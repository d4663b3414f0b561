import { expect, it } from 'vitest';
import { actionsWords, actorWords, applicationOf, shortName } from '../../src/words/access.ts';

it.each([
  [['core:data', 'presence:subscribe'], 'may send you messages and see your presence'],
  [['core:data'], 'may send you messages'],
  [['all:none'], 'may do nothing'],
  // A2
  [['core:data', 'all:none'], 'may do nothing'],
  [['presence:none'], 'may do nothing'],
  [['all:all', 'core:data'], 'may do everything'],
  [['presence:all'], 'may do everything with your presence'],
  [['core:data', 'presence:watch', 'urn:x'], 'may send you messages, see who sees you and do urn:x'],
])('%j: %s', (actions, words) => {
  expect(actionsWords(actions)).toBe(words);
});

it.each([
  ['wilma@example.com', 'wilma@example.com'],
  ['wilma/phone@example.com', 'wilma/phone@example.com'],
  ['wilma/*@example.com', 'all applications of wilma@example.com'],
  ['*@example.com', 'everybody of example.com'],
  ['*@*.example.com', 'everybody of example.com and its subdomains'],
  ['*@*', 'everybody'],
  ['wilma@*', 'wilma of any domain'],
  ['wilma/*@*.example.com', 'all applications of wilma of example.com and its subdomains'],
  ['apex=presence@example.com', 'the service apex=presence@example.com'],
  ['apex=*@example.com', 'all services of example.com'],
  // Written so in an entry; the name has no backslash.
  ['st\\*r@example.com', 'st*r@example.com'],
])('%s is %s', (actor, words) => {
  expect(actorWords(actor)).toBe(words);
});

it('calls somebody by her name, and her application by its own', () => {
  expect([shortName('wilma/phone@example.com'), applicationOf('wilma/phone@example.com')]).toEqual([
    'wilma',
    'phone',
  ]);
  expect([shortName('wilma@example.com'), applicationOf('wilma@example.com')]).toEqual(['wilma', undefined]);
});
