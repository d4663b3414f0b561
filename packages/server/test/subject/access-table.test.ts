import {
  actionAllowed,
  compareExactness,
  matchesActor,
  parent,
  parseActor,
  parseEndpoint,
} from '@apex/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AccessRecord } from '../../src/store/ports.ts';
import { AccessTable } from '../../src/subject/access-table.ts';

const FRED = 'fred@example.com';

function table(
  ...entries: readonly (readonly [owner: string, actor: string, actions: string])[]
): AccessTable {
  return new AccessTable(
    FRED,
    entries.map(([owner, actor, actions]) => ({ owner, actor, actions: actions.split(' '), lastUpdate: 1 })),
  );
}

describe('access entries', () => {
  it('[3341 §3.1] [3341 §3.1 rule 1] decide the example of the text', () => {
    const entries = table(
      [FRED, 'wilma@example.com', 'all:all'],
      [FRED, 'mr.slate@example.com', 'core:data'],
      ['fred/appl=wb@example.com', 'barney/appl=wb@example.com', 'core:data'],
      [FRED, '*@example.com', 'core:data presence:subscribe presence:watch'],
      [FRED, '*@*', 'core:data'],
    );
    const allows = (actor: string, action: string, owner = FRED): boolean =>
      entries.allows(owner, actor, action);
    for (const actor of [FRED, 'wilma@example.com', 'apex=report@example.com']) {
      expect(allows(actor, 'access:set')).toBe(true);
    }
    expect(allows('mr.slate@example.com', 'core:data')).toBe(true);
    expect(allows('mr.slate@example.com', 'presence:subscribe')).toBe(false);
    expect(allows('barney/appl=wb@example.com', 'core:data', 'fred/appl=wb@example.com')).toBe(true);
    expect(allows('barney/appl=wb@example.com', 'presence:watch', 'fred/appl=wb@example.com')).toBe(false);
    expect(allows('dino@example.com', 'presence:watch')).toBe(true);
    expect(allows('dino@example.com', 'presence:publish')).toBe(false);
    for (const actor of ['dino@elsewhere.example', 'apex=report@elsewhere.example']) {
      expect(allows(actor, 'core:data')).toBe(true);
      expect(allows(actor, 'presence:watch')).toBe(false);
    }
  });

  it('[3341 §3] [3341 §3 rule 19] [A3] hold by default for the owner and for services', () => {
    const none = table();
    expect(none.allows(FRED, FRED, 'access:set')).toBe(true);
    expect(none.allows(FRED, 'apex=report@example.com', 'access:set')).toBe(true);
    expect(none.allows(FRED, 'apex=report@elsewhere.example', 'core:data')).toBe(true);
    expect(none.allows(FRED, 'apex=report@elsewhere.example', 'access:set')).toBe(false);
    expect(none.allows(FRED, 'wilma@example.com', 'core:data')).toBe(false);
  });

  it('[3341 §3] [3341 §3 rule 19] [A7] are overridden by an explicit entry with the same actor, until that is removed', () => {
    const entries = table([FRED, FRED, 'core:data'], [FRED, 'apex=*@example.com', 'all:none']);
    expect(entries.allows(FRED, FRED, 'access:set')).toBe(false);
    expect(entries.allows(FRED, 'apex=report@example.com', 'core:data')).toBe(false);
    entries.put({ owner: FRED, actor: FRED, actions: undefined, lastUpdate: 2 });
    expect(entries.allows(FRED, FRED, 'access:set')).toBe(true);
  });

  it('[A1] prefer the more exact domain, then the more exact local part', () => {
    const entries = table(
      [FRED, 'wilma@*', 'all:none'],
      [FRED, '*@bar.foo.example.com', 'core:a'],
      [FRED, '*@*.foo.example.com', 'core:b'],
      [FRED, '*@*.example.com', 'core:c'],
      [FRED, 'wilma/*@*.example.com', 'core:d'],
    );
    expect(entries.allows(FRED, 'wilma@bar.foo.example.com', 'core:a')).toBe(true);
    expect(entries.allows(FRED, 'wilma@foo.example.com', 'core:b')).toBe(true);
    expect(entries.allows(FRED, 'wilma@x.y.foo.example.com', 'core:b')).toBe(true);
    expect(entries.allows(FRED, 'wilma@example.com', 'core:c')).toBe(true);
    expect(entries.allows(FRED, 'wilma/im@example.com', 'core:d')).toBe(true);
    expect(entries.allows(FRED, 'wilma@xexample.com', 'core:c')).toBe(false);
  });

  it('[A1] `*` never stands for a service, `apex=*` only for services', () => {
    const entries = table([FRED, '*@*', 'core:a'], [FRED, 'apex=*@*', 'core:b']);
    expect(entries.allows(FRED, 'apex=x@elsewhere.example', 'core:a')).toBe(false);
    expect(entries.allows(FRED, 'APEX=x@elsewhere.example', 'core:b')).toBe(true);
    expect(entries.allows(FRED, 'x@elsewhere.example', 'core:a')).toBe(true);
  });

  it('[A2] grant by the words all and none', () => {
    const granted = (actions: string, action: string): boolean =>
      table([FRED, '*@*', actions]).allows(FRED, 'x@y.example', action);
    expect(granted('all:data', 'core:data')).toBe(true);
    expect(granted('core:all', 'core:data')).toBe(true);
    expect(granted('core:all', 'presence:watch')).toBe(false);
    expect(granted('all:all', 'presence:watch')).toBe(true);
    expect(granted('core:data all:none', 'core:data')).toBe(false);
    expect(granted('all:none all:all', 'core:data')).toBe(false);
  });

  it("[A6] of a subaddress come first, then its endpoint's, then the defaults", () => {
    const im = 'fred/appl=im@example.com';
    const entries = table(
      [im, '*@example.com', 'core:own'],
      [FRED, 'wilma@example.com', 'core:data'],
      [FRED, '*@*', 'core:far'],
    );
    expect(entries.allows(im, 'wilma@example.com', 'core:own')).toBe(true);
    expect(entries.allows(im, 'wilma@example.com', 'core:data')).toBe(false);
    expect(entries.allows(im, 'x@y.example', 'core:far')).toBe(true);
    expect(entries.allows(im, im, 'all:all')).toBe(true);
    expect(entries.allows(im, 'apex=presence@example.com', 'core:data')).toBe(true);
    expect(entries.allows(FRED, 'x@example.com', 'core:own')).toBe(false);
  });

  // Invariant: the indexed and remembered decision is that of trying every entry, best match first.
  it('decide as trying all of them one by one does, also after changes', () => {
    const word = fc.constantFrom('a', 'b', 'apex=s', 'a*');
    const local = fc.oneof(
      word,
      fc.tuple(word, fc.constantFrom('x', 'y')).map(([head, tail]) => `${head}/${tail}`),
    );
    const domain = fc.constantFrom(
      'example.com',
      'foo.example.com',
      'b.foo.example.com',
      'other.example',
      'com',
    );
    const actor = fc.tuple(
      fc.oneof(
        local.map((text) => text.replaceAll('*', '\\*')),
        word.map((text) => `${text.replaceAll('*', '\\*')}/*`),
        fc.constantFrom('*', 'apex=*'),
      ),
      fc.oneof(
        domain,
        domain.map((text) => `*.${text}`),
        fc.constant('*'),
      ),
    );
    const owner = fc.constantFrom(FRED, 'fred/appl=im@example.com');
    const action = fc.constantFrom('core:data', 'presence:subscribe');
    const actions = fc.option(
      fc.array(fc.constantFrom('core:data', 'presence:all', 'all:data', 'all:none', 'all:all'), {
        minLength: 1,
      }),
      { nil: undefined },
    );
    const record = fc.record({
      owner,
      actor: actor.map((parts) => parts.join('@')),
      actions,
      lastUpdate: fc.constant(1),
    });
    const asked = fc.record({
      owner,
      actor: fc.oneof(
        fc.tuple(local, domain).map((parts) => parts.join('@')),
        owner,
      ),
      action,
    });
    fc.assert(
      fc.property(fc.array(record), fc.array(fc.oneof(record, asked)), (entries, steps) => {
        const all = new Map(entries.map((entry) => [`${entry.owner} ${entry.actor}`, entry]));
        const indexed = new AccessTable(FRED, [...all.values()]);
        for (const step of steps) {
          if ('action' in step) {
            expect(indexed.allows(step.owner, step.actor, step.action)).toBe(
              oneByOne([...all.values()], step),
            );
          } else {
            indexed.put(step);
            all.set(`${step.owner} ${step.actor}`, step);
          }
        }
      }),
    );
  });
});

/** The decision of A6 and RFC 3341 §3, without an index. */
function oneByOne(
  entries: readonly AccessRecord[],
  asked: { readonly owner: string; readonly actor: string; readonly action: string },
): boolean {
  const address = parseEndpoint(asked.actor);
  const live = entries.filter(({ actions }) => actions !== undefined);
  const endpoint = parent(asked.owner);
  const best = (candidates: readonly AccessRecord[]): AccessRecord | undefined =>
    candidates
      .filter(({ actor }) => matchesActor(parseActor(actor), address))
      .sort((a, b) => compareExactness(parseActor(a.actor), parseActor(b.actor)))[0];
  const explicit =
    best(live.filter(({ owner }) => owner === asked.owner)) ??
    best(live.filter(({ owner }) => owner === endpoint));
  const byDefault = best(
    [
      [asked.owner, 'all:all'],
      [endpoint, 'all:all'],
      ['apex=*@example.com', 'all:all'],
      ['apex=*@*', 'core:data'],
      ['*@*', 'all:none'],
    ]
      .map(([actor = '', actions = '']) => ({ owner: '', actor, actions: [actions], lastUpdate: 0 }))
      .filter(
        ({ actor }) =>
          !live.some((entry) => entry.actor === actor && [asked.owner, endpoint].includes(entry.owner)),
      ),
  );
  if (explicit === undefined) return actionAllowed(byDefault?.actions ?? [], asked.action);
  const defaultIsCloser =
    byDefault !== undefined && compareExactness(parseActor(byDefault.actor), parseActor(explicit.actor)) < 0;
  return actionAllowed((defaultIsCloser ? byDefault : explicit).actions ?? [], asked.action);
}
