import { describe, expect, it } from 'vitest';
import type { Decision } from '../../src/subject/decision.ts';
import type { DatedEntry } from '../../src/subject/input.ts';
import { Desk, FRED, messages, TUPLES, WILMA } from './desk.ts';

const CREATED = 1_000_000;
const DAY_MS = 24 * 60 * 60 * 1000;

/** What became of an entry: an outcome, or the code of a failure; and the decision. */
interface Told {
  readonly became: string;
  readonly decision: Decision;
}

function importPresence(desk: Desk, changed: Partial<DatedEntry>, replace = false): Told {
  const entry = {
    publisher: FRED,
    lastUpdate: CREATED,
    publisherInfo: 'http://example.com/',
    tuplesXml: TUPLES,
    tupleCount: 1,
    capabilityOctets: 0,
    ...changed,
  };
  return toldBy(desk, (rest) => ({ kind: 'import-presence', entry, replace, ...rest }));
}

function importAccess(
  desk: Desk,
  actor: string,
  actions: readonly string[],
  lastUpdate: number,
  replace = false,
): Told {
  const access = { owner: FRED, actor, actions, lastUpdate };
  return toldBy(desk, (rest) => ({ kind: 'import-access', access, replace, ...rest }));
}

type Listeners = Pick<
  Extract<Parameters<Desk['decide']>[0], { kind: 'import-access' }>,
  'outcome' | 'answer'
>;

function toldBy(desk: Desk, input: (listeners: Listeners) => Parameters<Desk['decide']>[0]): Told {
  let became = 'nothing';
  const decision = desk.decide(
    input({
      outcome: (outcome) => {
        became = outcome;
      },
      answer: (failure) => {
        if (failure !== undefined) became = (failure as { code?: string }).code ?? failure.message;
      },
    }),
  );
  for (const effect of decision.effects) if (effect.kind === 'settle') effect.settle();
  return { became, decision };
}

describe('an imported presence entry', () => {
  it('that is newer takes the place of what is there, with its own lastUpdate, and subscribers learn of it', () => {
    const desk = new Desk();
    desk.subscribe(WILMA, 1);
    desk.now = 3_000_000;
    const { became, decision } = importPresence(desk, { lastUpdate: 2_000_000 });
    expect(became).toBe('imported');
    expect(messages(decision)).toEqual(['wilma 1: publish 2000000']);
    expect(desk.state.presence).toMatchObject({
      lastUpdate: 2_000_000,
      revision: 2,
      publisherInfo: 'http://example.com/',
    });
    expect(decision.writes).toEqual([{ kind: 'put-presence', presence: desk.state.presence }]);
  });

  it('that is older does not, unless it is to; then it gets the next lastUpdate (A4)', () => {
    const desk = new Desk();
    desk.publish(FRED, 1, { publisherInfo: 'http://example.com/new' });
    const before = desk.state.presence!;
    const kept = importPresence(desk, { lastUpdate: before.lastUpdate - 1 });
    expect([kept.became, kept.decision.writes]).toEqual(['kept', []]);
    desk.now = 3_000_000;
    expect(importPresence(desk, { lastUpdate: before.lastUpdate - 1 }, true).became).toBe('imported');
    expect(desk.state.presence).toMatchObject({
      lastUpdate: 3_000_000,
      publisherInfo: 'http://example.com/',
    });
    // And once more changes nothing.
    expect(importPresence(desk, { lastUpdate: before.lastUpdate - 1 }, true).became).toBe('unchanged');
  });

  it('that says something else at the same lastUpdate is a conflict too; one that says the same changes nothing', () => {
    const desk = new Desk();
    desk.publish(FRED, 1);
    const { lastUpdate } = desk.state.presence!;
    expect(importPresence(desk, { lastUpdate, publisherInfo: '' }).became).toBe('unchanged');
    expect(importPresence(desk, { lastUpdate }).became).toBe('kept');
  });

  it('takes the place of what provisioning has made, however old it is, and keeps its lastUpdate', () => {
    const desk = new Desk();
    expect(importPresence(desk, { lastUpdate: 5 }).became).toBe('imported');
    expect(desk.state.presence).toMatchObject({ lastUpdate: 5, revision: 2 });
    // What is there now has been imported, and counts.
    expect(importPresence(desk, { lastUpdate: 4, publisherInfo: '' }).became).toBe('kept');
  });

  it('[P10] never shows a subscriber a lastUpdate that is before the one it has seen', () => {
    const desk = new Desk();
    desk.subscribe(WILMA, 1);
    desk.now = 3_000_000;
    expect(messages(importPresence(desk, { lastUpdate: 5 }).decision)).toEqual(['wilma 1: publish 3000000']);
  });

  it('[P11] is refused when it is larger than a publish may be', () => {
    const desk = new Desk(FRED, { tuples: 2, capabilityOctets: 10 });
    for (const change of [{ tupleCount: 3 }, { capabilityOctets: 11 }]) {
      const { became, decision } = importPresence(desk, { lastUpdate: 2_000_000, ...change });
      expect([became, decision.writes]).toEqual(['import.limit', []]);
    }
  });

  it('is refused when its lastUpdate is far ahead, since those that follow would have to be later', () => {
    const desk = new Desk();
    expect(importPresence(desk, { lastUpdate: desk.now + DAY_MS + 1 }).became).toBe('import.future');
    expect(importPresence(desk, { lastUpdate: desk.now + DAY_MS }).became).toBe('imported');
  });

  it('is refused for an endpoint that is not provisioned', () => {
    const desk = new Desk();
    desk.decide({ kind: 'remove', answer: () => {} });
    expect(importPresence(desk, { lastUpdate: 2_000_000 }).became).toBe('import.unknown');
    expect(importAccess(desk, WILMA, ['core:data'], 2_000_000).became).toBe('import.unknown');
  });
});

describe('an imported access entry', () => {
  it('keeps its lastUpdate, is told to the audit, and takes effect at once (A5)', () => {
    const desk = new Desk();
    desk.subscribe(WILMA, 1);
    const { became, decision } = importAccess(desk, WILMA, ['core:data'], 7);
    expect(became).toBe('imported');
    expect(messages(decision)).toEqual(['wilma 1: terminate 537']);
    const access = { owner: FRED, actor: WILMA, actions: ['core:data'], lastUpdate: 7 };
    expect(decision.effects).toContainEqual({ kind: 'access-changed', access, by: undefined });
    expect(desk.state.access.find(FRED, WILMA)).toEqual(access);
  });

  it('takes the place of what provisioning has made, but not of what is newer, nor of what was removed later', () => {
    const desk = new Desk();
    expect(importAccess(desk, '*@example.com', ['core:data'], 7).became).toBe('imported');
    expect(importAccess(desk, '*@example.com', ['core:data'], 7).became).toBe('unchanged');
    expect(importAccess(desk, '*@example.com', ['all:all'], 6).became).toBe('kept');
    desk.now = 2_000_000;
    desk.setAccess('*@example.com', undefined);
    expect(importAccess(desk, '*@example.com', ['core:data'], 1_500_000).became).toBe('kept');
    expect(importAccess(desk, '*@example.com', ['core:data'], 1_500_000, true).became).toBe('imported');
    expect(desk.state.access.find(FRED, '*@example.com')?.lastUpdate).toBe(2_000_001);
    expect(importAccess(desk, '*@example.com', ['all:all'], 2_000_002).became).toBe('imported');
  });
});
