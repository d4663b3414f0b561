import { describe, expect, it } from 'vitest';
import { BARNEY, BETTY, Desk, FRED, messages, WILMA } from './desk.ts';

describe('watch', () => {
  it('[3343 §4.3 step 1] refuses a subject outside of the administrative domain with 553', () => {
    expect(messages(new Desk('fred@elsewhere.example').watch(WILMA, 1))).toEqual(['wilma 1: reply 553']);
  });

  it('[3343 §4.3 step 2] refuses a subject that is no valid endpoint with 550', () => {
    const desk = new Desk();
    desk.decide({ kind: 'remove', answer: () => {} });
    expect(messages(desk.watch(WILMA, 1))).toEqual(['wilma 1: reply 550']);
  });

  it('[3343 §4.3 step 3] refuses an originator without presence:watch with 537', () => {
    const desk = new Desk();
    desk.setAccess('*@example.com', ['presence:subscribe']);
    expect(messages(desk.watch(WILMA, 1))).toEqual(['wilma 1: reply 537']);
  });

  it('[3343 §4.3 step 4] [P4] silently ends the previous watch, also for a poll or a refusal', () => {
    const desk = new Desk();
    desk.watch(WILMA, 1);
    expect(messages(desk.watch(WILMA, 2))).toEqual(['wilma 2: reply 250']);
    expect(messages(desk.terminate(WILMA, 1))).toEqual(['wilma 1: reply 550']);
    expect(messages(desk.watch(WILMA, 3, 0))).toEqual(['wilma 3: reply 250']);
    expect(desk.state.count('watch')).toBe(0);
    desk.watch(WILMA, 4);
    desk.subscribe(WILMA, 5);
    expect(messages(desk.watch(WILMA, 5))).toEqual(['wilma 5: reply 555']);
    expect(desk.state.count('watch')).toBe(0);
  });

  it('[3343 §4.3 step 5] refuses a transID in progress with 555', () => {
    const desk = new Desk();
    const other = new Desk(BARNEY, {}, desk.transactions);
    other.watch(WILMA, 1);
    expect(messages(desk.watch(WILMA, 1))).toEqual(['wilma 1: reply 555']);
  });

  it('[3343 §4.3 step 6] [3343 §4.3 step 6.1] [3343 §4.3 step 6.2] [P5] answers 250 and tells of each subscription in progress', () => {
    const desk = new Desk();
    desk.subscribe(BETTY, 1, 100);
    desk.subscribe(BARNEY, 1, 200);
    desk.now += 50_000;
    const told = [
      'wilma 2: reply 250',
      'wilma 2: notify subscribe betty 100',
      'wilma 2: notify subscribe barney 200',
    ];
    expect(messages(desk.watch(WILMA, 2, 0))).toEqual(told);
    expect(desk.state.count('watch')).toBe(0);
    expect(messages(desk.watch(WILMA, 2))).toEqual(told);
    expect(desk.state.count('watch')).toBe(1);
  });

  it('[3343 §4.3 step 6.3] lasts as long as asked, and is durable', () => {
    const desk = new Desk();
    expect(desk.watch(WILMA, 2, 60).writes).toMatchObject([
      {
        kind: 'put-operation',
        operation: { kind: 'watch', originator: WILMA, transID: 2, deadline: 1_060_000 },
      },
    ]);
  });

  it('[P11] refuses more operations than the limits with 554', () => {
    const desk = new Desk(FRED, { operationsPerOriginator: 1 });
    desk.subscribe(WILMA, 1);
    expect(messages(desk.watch(WILMA, 2))).toEqual(['wilma 2: reply 554']);
  });
});
