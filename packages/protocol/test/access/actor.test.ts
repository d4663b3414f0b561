import { MessageError } from '@apex/beep';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type ActorPattern,
  actionAllowed,
  compareExactness,
  formatActor,
  isActor,
  literalActor,
  matchesActor,
  parseActor,
  parseEndpoint,
} from '../../src/index.ts';
import { actors, identities } from '../arbitraries.ts';

const matches = (actor: string, identity: string): boolean =>
  matchesActor(parseActor(actor), parseEndpoint(identity));

/** The entry that answers for an identity: the best of those that match. */
const best = (entries: readonly string[], identity: string): string | undefined =>
  entries
    .map(parseActor)
    .filter((pattern) => matchesActor(pattern, parseEndpoint(identity)))
    .sort(compareExactness)
    .map(formatActor)[0];

describe('actors', () => {
  it('[3341 §3 rule 9] [3341 §3 rule 14] reads literals and wildcards', () => {
    expect(parseActor('fred@Example.com')).toStrictEqual({
      local: { kind: 'literal', text: 'fred' },
      domain: { kind: 'literal', text: 'example.com' },
    });
    expect(parseActor('fred/*@*.example.com')).toStrictEqual({
      local: { kind: 'subaddress', prefix: 'fred/' },
      domain: { kind: 'subdomains', text: 'example.com' },
    });
    expect(parseActor('apex=*@*')).toStrictEqual({ local: { kind: 'service' }, domain: { kind: 'any' } });
    expect(parseActor('*@[10.0.0.1]')).toStrictEqual({
      local: { kind: 'any' },
      domain: { kind: 'literal', text: '[10.0.0.1]' },
    });
    expect(parseActor('apex=pubsub/*@a.b').local).toStrictEqual({
      kind: 'subaddress',
      prefix: 'apex=pubsub/',
    });
  });

  it('[3341 §3 rule 20] takes \\* and \\\\ as the characters themselves', () => {
    expect(parseActor('a\\\\b\\*c@example.com').local).toStrictEqual({ kind: 'literal', text: 'a\\b*c' });
    expect(matches('a\\\\b\\*c@example.com', 'a\\b*c@example.com')).toBe(true);
    expect(parseActor('\\*@example.com').local).toStrictEqual({ kind: 'literal', text: '*' });
    expect(parseActor('apex=\\*@example.com').local).toStrictEqual({ kind: 'literal', text: 'apex=*' });
    expect(literalActor('a\\b*c@example.com')).toBe('a\\\\b\\*c@example.com');
  });

  it.each([
    '',
    '*',
    'fr*d@a.b',
    'fred@*a.b',
    'fred@a.*',
    '**@a.b',
    '*/*@a.b',
    'fred/a/*@a.b',
    '/*@a.b',
    'a\\b@a.b',
    'a\\@a.b',
    'apex=*x@a.b',
    'fred@*.',
    'fred@*.[10.0.0.1]',
    'fred@**',
    'fred@*.*',
    'a@b@c',
    'fred/*/*@a.b',
  ])('[3341 §3] refuses %j', (text) => {
    expect(() => parseActor(text)).toThrowError(MessageError);
    expect(isActor(text)).toBe(false);
  });

  it('[A1] [3341 §3 rule 18] a domain wildcard stands for zero or more subdomains', () => {
    for (const domain of ['example.com', 'foo.example.com', 'bar.foo.example.com']) {
      expect(matches('fred@*.example.com', `fred@${domain}`)).toBe(true);
    }
    expect(matches('fred@*.example.com', 'fred@badexample.com')).toBe(false);
    expect(matches('fred@*.example.com', 'fred@com')).toBe(false);
  });

  it('[A1] [3341 §3 rule 9] a whole local wildcard never stands for a service', () => {
    expect(matches('*@*', 'fred/appl=wb@example.com')).toBe(true);
    expect(matches('*@*', 'apex=presence@example.com')).toBe(false);
    expect(matches('*@*', 'APEX=presence@example.com')).toBe(false);
    expect(matches('apex=*@*', 'apex=presence/x@example.com')).toBe(true);
    expect(matches('apex=*@*', 'apex=@example.com')).toBe(false);
  });

  it('[3341 §3.1 rule 2] a subaddress wildcard does not stand for the endpoint itself', () => {
    expect(matches('fred/*@example.com', 'fred@example.com')).toBe(false);
    expect(matches('fred/*@example.com', 'fred/appl=im@example.com')).toBe(true);
    expect(matches('fred/*@example.com', 'freda/appl=im@example.com')).toBe(false);
  });

  it('[3341 §3.1 rule 3] [3341 §3.1 rule 4] [3341 §3.1 rule 5] prefers the more exact domain, then the more exact local part', () => {
    const entries = [
      '*@*',
      '*@*.com',
      '*@*.example.com',
      'fred@*',
      'fred/*@*.example.com',
      '*@a.example.com',
    ];
    expect(best(entries, 'fred/x@a.example.com')).toBe('*@a.example.com');
    expect(best(entries, 'fred/x@b.example.com')).toBe('fred/*@*.example.com');
    expect(best(entries, 'wilma@b.example.com')).toBe('*@*.example.com');
    expect(best(entries, 'fred@example.org')).toBe('fred@*');
    expect(best(entries, 'fred@rubble.com')).toBe('*@*.com');
    expect(best(['apex=*@*', 'apex=pubsub/*@*'], 'apex=pubsub/x@a.b')).toBe('apex=pubsub/*@*');
    expect(best(['*@*'], 'apex=pubsub@a.b')).toBeUndefined();
  });

  it('[3341 §3.1] decides the example of the section', () => {
    const actions: Record<string, string> = {
      'fred@example.com': 'all:all',
      'apex=*@example.com': 'all:all',
      'apex=*@*': 'core:data',
      'wilma@example.com': 'all:all',
      'mr.slate@example.com': 'core:data',
      '*@example.com': 'core:data presence:subscribe presence:watch',
      '*@*': 'core:data',
    };
    const allowed = (identity: string, action: string): boolean => {
      const entry = best(Object.keys(actions), identity);
      return entry !== undefined && actionAllowed((actions[entry] as string).split(' '), action);
    };
    for (const identity of ['fred@example.com', 'wilma@example.com', 'apex=report@example.com']) {
      expect(allowed(identity, 'access:set')).toBe(true);
    }
    expect(allowed('mr.slate@example.com', 'core:data')).toBe(true);
    expect(allowed('mr.slate@example.com', 'presence:subscribe')).toBe(false);
    expect(allowed('betty@example.com', 'presence:watch')).toBe(true);
    expect(allowed('betty@example.com', 'presence:publish')).toBe(false);
    expect(allowed('barney@rubble.com', 'core:data')).toBe(true);
    expect(allowed('barney@rubble.com', 'presence:watch')).toBe(false);
    expect(allowed('apex=report@rubble.com', 'core:data')).toBe(true);
  });

  // Invariant: an actor and its canonical text are the same pattern.
  it('[3341 §3.2] gives one canonical text per actor', () => {
    fc.assert(
      fc.property(actors, (actor) => {
        expect(isActor(actor)).toBe(true);
        expect(formatActor(parseActor(actor))).toBe(actor);
      }),
    );
  });

  // Invariant: the literal actor of an endpoint matches that endpoint and no other.
  it('[3341 §3] names exactly one endpoint by its literal actor', () => {
    fc.assert(
      fc.property(identities, identities, (one, other) => {
        expect(matches(literalActor(one), one)).toBe(true);
        expect(matches(literalActor(one), other)).toBe(one === other);
      }),
    );
  });

  // Invariant: the matcher agrees with one written straight from the text, which puts characters
  // for each wildcard.
  it('[3341 §3.1 rule 2] [A1] agrees with a naive matcher', () => {
    fc.assert(
      fc.property(similarActors, similarIdentities, (actor, identity) => {
        expect(matches(actor, identity)).toBe(naivelyMatches(parseActor(actor), identity));
      }),
      { numRuns: 2000 },
    );
  });

  // Invariant: of two actors that match the same endpoint, the more exact one replaces fewer
  // characters of the domain by its wildcard or, when that is the same, fewer of the local part; and
  // only an actor itself is as exact as it.
  it('[3341 §3.1 rule 6] [3341 §3.1 rule 7] orders as the lengths of the wildcard matches do', () => {
    fc.assert(
      fc.property(similarIdentities, fc.nat(), fc.nat(), (identity, n, m) => {
        const matching = allActors.filter((actor) => matches(actor, identity));
        const one = matching[n % matching.length] ?? literalActor(identity);
        const other = matching[m % matching.length] ?? literalActor(identity);
        const lengths = (actor: string): readonly [number, number] => {
          const { local, domain } = parseActor(actor);
          const at = identity.indexOf('@');
          return [wildLength(domain, identity.length - at - 1), wildLength(local, at)];
        };
        const [domainOne, localOne] = lengths(one);
        const [domainOther, localOther] = lengths(other);
        const expected = Math.sign(domainOne - domainOther) || Math.sign(localOne - localOther);
        expect(Math.sign(compareExactness(parseActor(one), parseActor(other)))).toBe(expected);
        expect(expected === 0).toBe(one === other);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('actions', () => {
  it.each([
    ['core:data', 'core:data', true],
    ['core:data', 'presence:subscribe', false],
    ['all:data', 'core:data', true],
    ['all:data', 'core:query', false],
    ['presence:all', 'presence:watch', true],
    ['presence:all', 'access:watch', false],
    ['all:all', 'access:set', true],
    ['all:none', 'core:data', false],
    ['all:all all:none', 'core:data', false],
    ['core:data all:none core:data', 'core:data', false],
    ['presence:none', 'presence:none', false],
    ['presence:all', 'all:all', false],
    ['all:subscribe', 'all:all', false],
    ['all:all', 'all:all', true],
    ['', 'core:data', false],
  ])(
    '[A2] [3341 §3 rule 5] [3341 §3 rule 6] [3341 §3 rule 7] [3341 §3 rule 8] a list "%s" asked for %s: %s',
    (list, action, allowed) => {
      expect(actionAllowed(list.split(' '), action)).toBe(allowed);
    },
  );
});

const locals = ['fred', 'fred/a', 'fred/b', 'freda', 'apex=x', 'apex=x/y', 'APEX=x', '\\*', 'a\\\\'];
const domains = ['com', 'example.com', 'foo.example.com', 'xexample.com', '[10.0.0.1]'];
const allActors = [...locals, '*', 'apex=*', 'fred/*', 'apex=x/*', '\\*/*'].flatMap((local) =>
  [...domains, '*', '*.com', '*.example.com', '*.foo.example.com'].map((domain) => `${local}@${domain}`),
);
const similarActors = fc.constantFrom(...allActors);
const similarIdentities = fc
  .tuple(fc.constantFrom(...locals, '\\*/x'), fc.constantFrom(...domains))
  .map(([local, domain]) => `${local.replace(/\\(.)/g, '$1')}@${domain}`);

function naivelyMatches(pattern: ActorPattern, identity: string): boolean {
  const [local, domain] = identity.split('@') as [string, string];
  const escaped = (text: string): string => text.replace(/[^a-z0-9]/gi, '\\$&');
  const localPatterns = {
    literal: (text: string) => new RegExp(`^${escaped(text)}$`),
    subaddress: (text: string) => new RegExp(`^${escaped(text)}.+$`),
    service: () => /^apex=.+$/i,
    any: () => /^(?!apex=).+$/i,
  };
  const domainPatterns = {
    literal: (text: string) => new RegExp(`^${escaped(text)}$`),
    subdomains: (text: string) => new RegExp(`^([^.]+\\.)*${escaped(text)}$`),
    any: () => /^.+$/,
  };
  const l = pattern.local;
  const d = pattern.domain;
  const localPattern = localPatterns[l.kind](
    l.kind === 'subaddress' ? l.prefix : l.kind === 'literal' ? l.text : '',
  );
  const domainPattern = domainPatterns[d.kind](d.kind === 'any' ? '' : d.text);
  return localPattern.test(local) && domainPattern.test(domain);
}

/** Characters that the wildcard stands for; none, and less than any, for a literal. */
function wildLength(pattern: ActorPattern['local'] | ActorPattern['domain'], length: number): number {
  switch (pattern.kind) {
    case 'literal':
      return -1;
    case 'subaddress':
      return length - pattern.prefix.length;
    case 'service':
      return length - 'apex='.length;
    case 'subdomains':
      return length - pattern.text.length;
    case 'any':
      return length;
  }
}
