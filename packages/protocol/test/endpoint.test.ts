import { MessageError } from '@apex/beep';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  canonicalIdentity,
  domainOf,
  formatApexUrl,
  formatEndpoint,
  identityOf,
  isIdentity,
  isService,
  isSubaddress,
  parent,
  parseApexUrl,
  parseEndpoint,
} from '../src/index.ts';
import { identities } from './arbitraries.ts';

describe('names of endpoints', () => {
  it('[3340 §2.2] splits an entity into address, subaddress and domain', () => {
    expect(parseEndpoint('fred/appl=wb@Example.COM')).toStrictEqual({
      address: 'fred',
      subaddress: 'appl=wb',
      local: 'fred/appl=wb',
      domain: 'example.com',
    });
    expect(parseEndpoint('fred@[10.0.0.1]')).toStrictEqual({
      address: 'fred',
      subaddress: undefined,
      local: 'fred',
      domain: '[10.0.0.1]',
    });
  });

  it.each([
    'fred@example.com',
    'appl=pubsub/topic=fred@example.com',
    ' !"#$%&\'()*+,-.0?AZ[\\]^_`{|}~@example.com',
    'fr\u00e9d@example.com',
    '\u0080@example.com',
    '\u{1f600}/\u{10ffff}@example.com',
    'fred@localhost',
    'fred@[IPv6:::1]',
    'fred@[IPv6:1:2:3:4:5:6:7:8]',
    'fred@[ipv6:1::8]',
    'fred@[IPv6:::ffff:10.0.0.1]',
    'fred@[IPv6:1:2:3:4:5:6:10.0.0.1]',
    'fred@[x25:31*@;{}~]',
    `fred@${'a'.repeat(63)}.com`,
  ])('[3340 §2.2] accepts %j', (text) => {
    expect(identityOf(text)).toBeDefined();
  });

  it.each([
    '',
    '@example.com',
    'fred',
    'fred@',
    'fred@@example.com',
    'fr@d@example.com',
    '/fred@example.com',
    'fred/@example.com',
    'fred/a/b@example.com',
    'fr\u0000ed@example.com',
    'fr\u001fed@example.com',
    'fr\u007fed@example.com',
    'fr\ned@example.com',
    'fred\ud800@example.com',
    'fred\uffff@example.com',
    'fred@example..com',
    'fred@.example.com',
    'fred@example.com.',
    'fred@-example.com',
    'fred@example-.com',
    'fred@exa_mple.com',
    'fred@ex\u00e4mple.com',
    'fred@[10.0.0.256]',
    'fred@[10.0.0]',
    'fred@[10.0.0.1',
    'fred@[]',
    'fred@[tag:]',
    'fred@[tag-:x]',
    'fred@[tag:a b]',
    'fred@[tag:a]b]',
    'fred@[IPv6:1:2:3:4:5:6:7]',
    'fred@[IPv6:1:2:3:4:5:6:7:8:9]',
    'fred@[IPv6:1::2:3:4:5:6:7]',
    'fred@[IPv6:1::2::3]',
    'fred@[IPv6:12345::1]',
    'fred@[IPv6:10.0.0.1]',
    'fred@[IPv6:10.0.0.1::1]',
    'fred@[IPv6:]',
    `fred@${'a'.repeat(64)}.com`,
    `fred@${'a.'.repeat(127)}ab`,
  ])('[3340 §2.2] refuses %j', (text) => {
    expect(identityOf(text)).toBeUndefined();
    expect(() => parseEndpoint(text)).toThrowError(MessageError);
    expect(() => canonicalIdentity(text)).toThrowError(
      expect.objectContaining({ code: 'endpoint.syntax', replyCode: 501 }),
    );
  });

  // Invariant: what the quick test for usual names accepts is what the grammar accepts, unchanged.
  it('[3340 §2.2.1] gives one canonical text per endpoint: local as it is, domain in lower case', () => {
    expect(canonicalIdentity('Fred@EXAMPLE.com')).toBe('Fred@example.com');
    expect(canonicalIdentity('fred@example.com')).not.toBe(canonicalIdentity('Fred@example.com'));
    fc.assert(
      fc.property(identities, (identity) => {
        expect(isIdentity(identity)).toBe(true);
        const at = identity.indexOf('@');
        const shouted = identity.slice(0, at) + identity.slice(at).toUpperCase();
        expect(canonicalIdentity(shouted)).toBe(identity);
        expect(formatEndpoint(parseEndpoint(shouted))).toBe(identity);
      }),
    );
  });

  it('[3340 §2.2.1] reverses the URL encoding before names are compared', () => {
    expect(parseApexUrl('apex:f%72ed@example.com')).toBe(parseApexUrl('apex:fred@example.com'));
    expect(parseApexUrl('APEX:fred%2Fappl%3Dim@EXAMPLE.com')).toBe('fred/appl=im@example.com');
    expect(parseApexUrl('apex:fr%C3%A9d@example.com')).toBe('fr\u00e9d@example.com');
  });

  it.each([
    'apex:',
    'mailto:fred@example.com',
    'apex:fred',
    'apex:fr ed@example.com',
    'apex:fr%ZZed@example.com',
    'apex:fr%ffed@example.com',
    'apex:fr\u00e9d@example.com',
    'apex:fr%40d@example.com',
    'apex:fred@example.com#x',
  ])('[3340 §2.2.1] refuses %j as an apex: URL', (url) => {
    expect(() => parseApexUrl(url)).toThrowError(MessageError);
  });

  // Invariant: an apex: URL stands for the identity that it was made of.
  it('[P2] writes percent-encoded URLs that read back', () => {
    expect(formatApexUrl('fred/appl=im@example.com')).toBe('apex:fred/appl=im@example.com');
    expect(formatApexUrl('a?b#c d@example.com')).toBe('apex:a%3Fb%23c%20d@example.com');
    fc.assert(
      fc.property(identities, (identity) => {
        expect(parseApexUrl(formatApexUrl(identity))).toBe(identity);
      }),
    );
  });

  it('[C3] knows a service by its prefix in any letter case', () => {
    expect(isService('apex=presence@example.com')).toBe(true);
    expect(isService('ApEx=presence@example.com')).toBe(true);
    expect(isService('apexpresence@example.com')).toBe(false);
    expect(isService('appl=pubsub@example.com')).toBe(false);
    expect(isService('a=apex@example.com')).toBe(false);
  });

  it('[3340 §2.2] takes a subaddress off', () => {
    expect(parent('fred/appl=wb@example.com')).toBe('fred@example.com');
    expect(parent('fred@example.com')).toBe('fred@example.com');
    expect(parent('fred@[x25:a/b]')).toBe('fred@[x25:a/b]');
    expect(isSubaddress('fred/a@example.com')).toBe(true);
    expect(isSubaddress('fred@[x25:a/b]')).toBe(false);
    expect(domainOf('fred/a@example.com')).toBe('example.com');
  });
});
