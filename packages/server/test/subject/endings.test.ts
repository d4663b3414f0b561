import { describe, expect, it } from 'vitest';
import { Transactions } from '../../src/subject/transactions.ts';
import { BARNEY, BETTY, Desk, FRED, messages, WILMA } from './desk.ts';

describe('terminate', () => {
  it('[3343 §4.5 step 1] [P3] answers 550 when the transID refers to no operation of the originator', () => {
    const desk = new Desk();
    desk.subscribe(WILMA, 1);
    expect(messages(desk.terminate(BARNEY, 1))).toEqual(['barney 1: reply 550']);
    expect(messages(desk.terminate(WILMA, 2))).toEqual(['wilma 2: reply 550']);
    expect(desk.transactions.size).toBe(1);
  });

  it('[3343 §4.5 step 2] ends the operation and answers 250', () => {
    const desk = new Desk();
    desk.subscribe(WILMA, 1);
    const decision = desk.terminate(WILMA, 1);
    expect(messages(decision)).toEqual(['wilma 1: reply 250']);
    expect(decision.writes).toEqual([{ kind: 'remove-operation', originator: WILMA, transID: 1 }]);
    expect(messages(desk.publish(FRED, 3))).toEqual(['fred 3: reply 250']);
    expect(messages(desk.terminate(WILMA, 1))).toEqual(['wilma 1: reply 550']);
  });

  it('[P5] tells watchers of the end of a subscription, not of that of a watch', () => {
    const desk = new Desk();
    desk.watch(FRED, 7);
    desk.watch(WILMA, 2);
    desk.subscribe(WILMA, 1);
    expect(messages(desk.terminate(WILMA, 1))).toEqual([
      'wilma 1: reply 250',
      'fred 7: notify terminate wilma',
      'wilma 2: notify terminate wilma',
    ]);
    expect(messages(desk.terminate(WILMA, 2))).toEqual(['wilma 2: reply 250']);
  });
});

describe('expiry', () => {
  it('[3343 §4.2 step 6.3] [3343 §4.3 step 6.3] [P5] [P7] sends terminate 250, and watchers a notify', () => {
    const desk = new Desk();
    desk.watch(FRED, 7);
    desk.subscribe(WILMA, 1);
    expect(messages(desk.expire(WILMA, 1))).toEqual([
      'wilma 1: terminate 250',
      'fred 7: notify terminate wilma',
    ]);
    expect(messages(desk.expire(FRED, 7))).toEqual(['fred 7: terminate 250']);
    expect(desk.transactions.size).toBe(0);
  });

  it('of an operation does not end the one that replaced it under the same transID', () => {
    const desk = new Desk();
    desk.subscribe(WILMA, 1);
    const generation = desk.transactions.find(WILMA, 1)?.generation ?? 0;
    desk.subscribe(WILMA, 1);
    const late = desk.decide({ kind: 'expire', originator: WILMA, transID: 1, generation });
    expect(late.effects).toEqual([]);
    expect(desk.transactions.size).toBe(1);
  });
});

describe('a change of access entries', () => {
  it('[A5] terminates with 537 what is no longer allowed, and tells those who still watch', () => {
    const desk = new Desk();
    desk.watch(FRED, 7);
    desk.watch(WILMA, 2);
    desk.subscribe(WILMA, 1);
    desk.subscribe(BARNEY, 1);
    const decision = desk.setAccess(WILMA, ['core:data']);
    expect(messages(decision)).toEqual([
      'wilma 2: terminate 537',
      'wilma 1: terminate 537',
      'fred 7: notify terminate wilma',
    ]);
    expect(decision.writes.map(({ kind }) => kind)).toEqual([
      'put-access',
      'remove-operation',
      'remove-operation',
    ]);
    expect(messages(desk.publish(FRED, 3))).toEqual(['fred 3: reply 250', 'barney 1: publish 1000001']);
  });

  it('[A5] holds for the removal of an entry, too', () => {
    const desk = new Desk();
    desk.subscribe(WILMA, 1);
    desk.subscribe(FRED, 1);
    expect(messages(desk.setAccess('*@example.com', undefined))).toEqual(['wilma 1: terminate 537']);
  });

  it('[A5] ends nothing when another entry still allows it, or when it concerns a subaddress only', () => {
    const desk = new Desk();
    desk.setAccess(WILMA, ['presence:subscribe']);
    desk.subscribe(WILMA, 1);
    expect(messages(desk.setAccess('*@example.com', ['all:none']))).toEqual([]);
    expect(messages(desk.setAccess(WILMA, ['all:none'], 'fred/appl=im@example.com'))).toEqual([]);
    expect(desk.transactions.size).toBe(1);
  });

  it('[A4] remembers lastUpdate across removal and re-creation', () => {
    const desk = new Desk();
    desk.setAccess(BETTY, ['all:all']);
    desk.now = 1;
    desk.setAccess(BETTY, undefined);
    desk.setAccess(BETTY, ['all:all']);
    expect(desk.state.access.find(FRED, BETTY)?.lastUpdate).toBe(1_000_002);
  });
});

describe('the removal of an endpoint', () => {
  it('[P12] [P5] [A8] ends its attachments and what is on it, with code 550, and removes its entries', () => {
    const desk = new Desk();
    desk.setAccess(WILMA, ['core:data'], 'fred/appl=im@example.com');
    desk.watch(BETTY, 2);
    desk.subscribe(BARNEY, 1);
    const decision = desk.decide({ kind: 'remove', answer: () => {} });
    expect(messages(decision)).toEqual([
      'barney 1: terminate 550',
      'betty 2: notify terminate barney',
      'betty 2: terminate 550',
      'fred: detach 550',
    ]);
    expect(decision.writes.map(({ kind }) => kind)).toEqual([
      'remove-operation',
      'remove-operation',
      'put-access',
      'put-access',
      'put-access',
      'remove-endpoint',
    ]);
    expect(desk.state.access.all()).toEqual([]);
    expect(desk.transactions.size).toBe(0);
  });

  it('[P12] ends its operations on other subjects, those of its subaddresses included', () => {
    const desk = new Desk();
    desk.watch(FRED, 7);
    desk.subscribe(WILMA, 1);
    desk.watch('wilma/appl=im@example.com', 1);
    desk.subscribe(BARNEY, 1);
    const decision = desk.decide({ kind: 'remove-originator', endpoint: WILMA, answer: () => {} });
    expect(messages(decision)).toEqual([
      'wilma 1: terminate 550',
      'wilma/appl=im 1: terminate 550',
      'fred 7: notify terminate wilma',
    ]);
    expect(desk.transactions.size).toBe(2);
  });
});

describe('an operation that administration ends', () => {
  it('[3343 §4.5] [P5] is told to its originator with the reason, and to those who watch', () => {
    const desk = new Desk();
    desk.watch(FRED, 7);
    desk.subscribe(WILMA, 1);
    const reason = { code: 554, text: 'no more' };
    const operation = { originator: WILMA, transID: 1 };
    const decision = desk.decide({ kind: 'end-operation', operation, reason, answer: () => {} });
    expect(messages(decision)).toEqual(['wilma 1: terminate 554', 'fred 7: notify terminate wilma']);
    expect(decision.effects[0]).toMatchObject({ text: 'no more' });
    expect(desk.transactions.size).toBe(1);
  });

  it('is refused when it is not in progress on this subject', () => {
    const transactions = new Transactions();
    const [desk, other] = [new Desk(FRED, {}, transactions), new Desk(BARNEY, {}, transactions)];
    other.subscribe(WILMA, 1);
    const failures: unknown[] = [];
    for (const transID of [1, 2]) {
      const operation = { originator: WILMA, transID };
      const reason = { code: 554, text: '' };
      const answer = (failure: Error | undefined): void => void failures.push(failure);
      const decision = desk.decide({ kind: 'end-operation', operation, reason, answer });
      expect(decision.writes).toEqual([]);
      for (const effect of decision.effects) if (effect.kind === 'settle') effect.settle();
    }
    expect(failures).toMatchObject([{ code: 'operation.over' }, { code: 'operation.over' }]);
    expect(transactions.size).toBe(1);
  });
});

describe('provisioning', () => {
  it('[P2] gives an endpoint a presence entry from the start', () => {
    expect(new Desk('a?b@example.com').state.presence).toEqual({
      endpoint: 'a?b@example.com',
      lastUpdate: 1_000_000,
      revision: 1,
      publisherInfo: '',
      tuplesXml: "<tuple destination='apex:a%3Fb@example.com' availableUntil='1970-01-01T00:16:40.000Z' />",
    });
  });

  it('[P2] [A4] continues from the lastUpdate of a former endpoint of this name', () => {
    const desk = new Desk();
    desk.decide({ kind: 'remove', answer: () => {} });
    desk.now = 5;
    desk.decide({ kind: 'provision', provision: { access: [] }, answer: () => {} });
    expect(desk.state).toMatchObject({ createdAt: 5, presence: { lastUpdate: 1_000_001, revision: 2 } });
    expect(desk.state.presence?.tuplesXml).toContain('1970-01-01T00:16:40.001Z');
  });

  it('of an endpoint that exists changes nothing', () => {
    const failures: unknown[] = [];
    const desk = new Desk();
    const decision = desk.decide({
      kind: 'provision',
      provision: { access: [] },
      answer: (failure) => failures.push(failure),
    });
    expect(decision.writes).toEqual([]);
    for (const effect of decision.effects) if (effect.kind === 'settle') effect.settle();
    expect(failures).toMatchObject([{ name: 'UsageError', code: 'endpoint.exists' }]);
  });
});
