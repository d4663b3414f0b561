import { describe, expect, it } from 'vitest';
import { BARNEY, BETTY, Desk, FRED, messages, WILMA } from './desk.ts';

describe('subscribe', () => {
  it('[3343 §4.2 step 1] refuses a subject outside of the administrative domain with 553', () => {
    const desk = new Desk('fred@elsewhere.example');
    expect(messages(desk.subscribe(WILMA, 1))).toEqual(['wilma 1: reply 553']);
  });

  it('[3343 §4.2 step 2] refuses a subject that is no valid endpoint with 550', () => {
    const desk = new Desk();
    desk.decide({ kind: 'remove', answer: () => {} });
    expect(messages(desk.subscribe(WILMA, 1))).toEqual(['wilma 1: reply 550']);
  });

  it('[P6] refuses a subaddress as subject with 550', () => {
    const desk = new Desk();
    const state = new Desk('fred/appl=im@example.com').state;
    expect(messages(Object.assign(desk, { state }).subscribe(WILMA, 1))).toEqual(['wilma 1: reply 550']);
  });

  it('[3343 §4.2 step 3] refuses an originator without presence:subscribe with 537', () => {
    const desk = new Desk();
    desk.setAccess('*@example.com', ['presence:watch']);
    expect(messages(desk.subscribe(WILMA, 1))).toEqual(['wilma 1: reply 537']);
    expect(desk.transactions.size).toBe(0);
  });

  it('[3343 §4.2 step 4] silently ends the previous subscription of the originator', () => {
    const desk = new Desk();
    desk.subscribe(WILMA, 1);
    const decision = desk.subscribe(WILMA, 2);
    expect(messages(decision)).toEqual(['wilma 2: publish 1000000']);
    expect(decision.writes.map(({ kind }) => kind)).toEqual(['remove-operation', 'put-operation']);
    expect(messages(desk.terminate(WILMA, 1))).toEqual(['wilma 1: reply 550']);
    expect(messages(desk.publish(FRED, 9))).toEqual(['fred 9: reply 250', 'wilma 2: publish 1000001']);
  });

  it('[P9] [3343 §4.2 step 4] replaces itself under the same transID, and gets the current entry first', () => {
    const desk = new Desk();
    desk.subscribe(WILMA, 1, 60);
    expect(messages(desk.subscribe(WILMA, 1, 50))).toEqual(['wilma 1: publish 1000000']);
    expect(desk.transactions.size).toBe(1);
  });

  it('[3343 §4.2 step 5] refuses a transID of a subscription or watch in progress with 555', () => {
    const desk = new Desk();
    const other = new Desk(BARNEY, {}, desk.transactions);
    desk.watch(WILMA, 1);
    other.subscribe(WILMA, 2);
    expect(messages(desk.subscribe(WILMA, 1))).toEqual(['wilma 1: reply 555']);
    expect(messages(desk.subscribe(WILMA, 2))).toEqual(['wilma 2: reply 555']);
    expect(messages(desk.subscribe(WILMA, 2, 0))).toEqual(['wilma 2: reply 555']);
    expect(messages(desk.subscribe(BETTY, 1))).toContain('betty 1: publish 1000000');
  });

  it('[P4] step 4 ends the previous subscription even when step 5 refuses the new one', () => {
    const desk = new Desk();
    desk.watch(FRED, 7);
    desk.subscribe(WILMA, 1);
    desk.watch(WILMA, 2);
    expect(messages(desk.subscribe(WILMA, 2))).toEqual([
      'wilma 2: reply 555',
      'fred 7: notify terminate wilma',
      'wilma 2: notify terminate wilma',
    ]);
    expect(desk.state.count('subscribe')).toBe(0);
  });

  it('[P4] [P5] a poll ends the previous subscription, and watchers are told of both', () => {
    const desk = new Desk();
    desk.watch(FRED, 7);
    desk.subscribe(WILMA, 1);
    const decision = desk.subscribe(WILMA, 2, 0);
    expect(messages(decision)).toEqual([
      'fred 7: notify terminate wilma',
      'wilma 2: publish 1000000',
      'fred 7: notify subscribe wilma 0',
    ]);
    expect(desk.state.count('subscribe')).toBe(0);
    expect(decision.writes).toEqual([{ kind: 'remove-operation', originator: WILMA, transID: 1 }]);
  });

  it('[3343 §4.2 step 6] [3343 §4.2 step 6.1] sends the presence entry at once, under the same transID', () => {
    const desk = new Desk();
    const [effect] = desk.subscribe(WILMA, 100).effects;
    expect(effect).toMatchObject({ kind: 'publish', presence: desk.state.presence, at: 1_000_000 });
    expect(effect).toMatchObject({ recipients: [{ originator: WILMA, transID: 100 }] });
  });

  it('[3343 §4.2 step 6.2] [P5] tells each watcher of the requested duration', () => {
    const desk = new Desk();
    desk.watch(FRED, 7);
    desk.watch(BETTY, 8);
    expect(messages(desk.subscribe(WILMA, 1, 86_400))).toEqual([
      'wilma 1: publish 1000000',
      'fred 7: notify subscribe wilma 86400',
      'betty 8: notify subscribe wilma 86400',
    ]);
  });

  it('[P5] a subscription replaced by a lasting one gives only the new notify', () => {
    const desk = new Desk();
    desk.watch(FRED, 7);
    desk.subscribe(WILMA, 1, 60);
    expect(messages(desk.subscribe(WILMA, 2, 30))).toEqual([
      'wilma 2: publish 1000000',
      'fred 7: notify subscribe wilma 30',
    ]);
  });

  it('[3343 §4.2 step 6.3] lasts as long as asked, and is durable; a poll is neither', () => {
    const desk = new Desk();
    expect(desk.subscribe(BETTY, 1, 0).writes).toEqual([]);
    const { writes } = desk.subscribe(WILMA, 1, 60);
    const operation = {
      subject: FRED,
      kind: 'subscribe',
      originator: WILMA,
      transID: 1,
      durationSeconds: 60,
      deadline: 1_060_000,
    };
    expect(writes).toEqual([{ kind: 'put-operation', operation }]);
    expect(desk.transactions.find(WILMA, 1)).toMatchObject({ due: 65_000 });
  });

  it('[P6] subaddresses and their endpoint are different originators', () => {
    const desk = new Desk();
    desk.subscribe('wilma/appl=a@example.com', 1);
    desk.subscribe('wilma/appl=b@example.com', 1);
    desk.subscribe(WILMA, 1);
    expect(desk.state.count('subscribe')).toBe(3);
  });

  it('[P7] caps the duration, and tells watchers the one that was asked for', () => {
    const desk = new Desk(FRED, { durationSeconds: 100 });
    desk.watch(FRED, 7);
    expect(messages(desk.subscribe(WILMA, 1, 2_147_483_647))).toContain(
      'fred 7: notify subscribe wilma 2147483647',
    );
    expect(desk.transactions.find(WILMA, 1)).toMatchObject({ deadline: 1_100_000, due: 105_000 });
  });

  it('[P11] refuses more operations of an originator, and more subscribers, than the limits with 554', () => {
    const desk = new Desk(FRED, { operationsPerOriginator: 1, subscribersPerPublisher: 2 });
    const other = new Desk(BARNEY, { operationsPerOriginator: 1 }, desk.transactions);
    desk.subscribe(WILMA, 1);
    expect(messages(other.subscribe(WILMA, 2))).toEqual(['wilma 2: reply 554']);
    expect(messages(desk.subscribe(WILMA, 3))).toEqual(['wilma 3: publish 1000000']);
    desk.subscribe(BETTY, 1);
    expect(messages(desk.subscribe(BARNEY, 1))).toEqual(['barney 1: reply 554']);
    expect(messages(desk.subscribe(BARNEY, 1, 0))).toEqual(['barney 1: publish 1000000']);
  });

  it('[C17] sends no error to a service', () => {
    const desk = new Desk();
    desk.decide({ kind: 'remove', answer: () => {} });
    expect(desk.subscribe('apex=access@example.com', 1).effects).toEqual([]);
  });
});
