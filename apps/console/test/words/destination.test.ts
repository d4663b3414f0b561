import { expect, it } from 'vitest';
import { destinationWords } from '../../src/words/destination.ts';

it.each([
  ['mailto:fred@example.com', 'Mail', 'fred@example.com', 'mailto:fred@example.com'],
  [
    'mailto:j%C3%B6rg@example.com?subject=hi',
    'Mail',
    'jörg@example.com',
    'mailto:j%C3%B6rg@example.com?subject=hi',
  ],
  ['tel:+431234567', 'Call', '+431234567', 'tel:+431234567'],
  ['https://example.com/fred', 'Page', 'https://example.com/fred', 'https://example.com/fred'],
  ['mailto:%E0', 'Mail', '%E0', 'mailto:%E0'],
])('%s: %s %s', (uri, way, address, href) => {
  expect(destinationWords(uri)).toEqual({ way, address, href, endpoint: undefined });
});

it('names the endpoint to which a message can be sent', () => {
  expect(destinationWords('apex:fred/j%C3%B6rg@example.com')).toMatchObject({
    way: 'Message',
    href: undefined,
  });
  expect(destinationWords('apex:fred/desk@example.com').endpoint).toBe('fred/desk@example.com');
  expect(destinationWords('apex:nobody')).toEqual({
    way: 'Message',
    address: 'nobody',
    href: undefined,
    endpoint: undefined,
  });
});

it.each([
  'javascript:alert(1)',
  'JavaScript:alert(1)',
  'data:text/html,x',
  'file:/etc/passwd',
  'blob:x',
  'vbscript:x',
])('makes no link of %s, which others publish', (uri) => {
  expect(destinationWords(uri)).toMatchObject({ href: undefined, endpoint: undefined });
});
