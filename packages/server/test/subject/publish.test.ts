import { describe, expect, it } from 'vitest';
import { BARNEY, Desk, FRED, messages, TUPLES, WILMA } from './desk.ts';

describe('publish', () => {
  it('[3343 §4.4 step 1] refuses two different publishers with 503, before anything else', () => {
    const desk = new Desk('fred@elsewhere.example');
    expect(messages(desk.publish(WILMA, 1, { publisher: BARNEY }))).toEqual(['wilma 1: reply 503']);
  });

  it('[3343 §4.4 step 2] refuses a subject outside of the administrative domain with 553', () => {
    expect(messages(new Desk('fred@elsewhere.example').publish(FRED, 1))).toEqual(['fred 1: reply 553']);
  });

  it('[3343 §4.4 step 3] refuses a subject that is no valid endpoint with 550', () => {
    const desk = new Desk();
    desk.decide({ kind: 'remove', answer: () => {} });
    expect(messages(desk.publish(FRED, 1))).toEqual(['fred 1: reply 550']);
  });

  it('[3343 §4.4 step 4] refuses an originator without presence:publish with 537, whatever lastUpdate says', () => {
    const desk = new Desk();
    expect(messages(desk.publish(WILMA, 1, { lastUpdate: 1 }))).toEqual(['wilma 1: reply 537']);
  });

  it('[3343 §4.4 step 5] [P1] refuses another lastUpdate than that of the entry with 555', () => {
    const desk = new Desk();
    expect(messages(desk.publish(FRED, 1, { lastUpdate: 999_999 }))).toEqual(['fred 1: reply 555']);
    expect(messages(desk.publish(FRED, 1, { lastUpdate: undefined }))).toEqual(['fred 1: reply 555']);
    expect(desk.state.presence).toMatchObject({ lastUpdate: 1_000_000, revision: 1 });
  });

  it('[3343 §4.4 step 6] [3343 §4.4 step 6.1] [3343 §4.4 step 6.2] updates the entry and sets its lastUpdate', () => {
    const desk = new Desk();
    desk.now = 2_000_000;
    const { writes } = desk.publish(FRED, 1, { publisherInfo: 'http://www.example.com/fred/' });
    const presence = {
      endpoint: FRED,
      lastUpdate: 2_000_000,
      revision: 2,
      publisherInfo: 'http://www.example.com/fred/',
      tuplesXml: TUPLES,
    };
    expect(desk.state.presence).toEqual(presence);
    expect(writes).toEqual([{ kind: 'put-presence', presence }]);
  });

  it('[3343 §4.4 step 6.3] answers 250, then all who subscribe get the entry', () => {
    const desk = new Desk();
    desk.subscribe(WILMA, 1);
    desk.subscribe(BARNEY, 2);
    desk.now = 2_000_000;
    expect(messages(desk.publish(FRED, 3))).toEqual([
      'fred 3: reply 250',
      'wilma 1: publish 2000000',
      'barney 2: publish 2000000',
    ]);
  });

  it('allows an entry so many updates a second, and refuses the next one with 450', () => {
    const desk = new Desk(FRED, { publishesPerSecond: 2 });
    const publish = (): string[] => messages(desk.publish(FRED, 1));
    expect([publish(), publish(), publish()].flat()).toEqual([
      'fred 1: reply 250',
      'fred 1: reply 250',
      'fred 1: reply 450',
    ]);
    desk.monotonic += 1000;
    expect(publish()).toEqual(['fred 1: reply 250']);
  });

  it('tells an update that changes nothing visible from others; it is answered and passed on all the same', () => {
    const desk = new Desk();
    desk.subscribe(WILMA, 1);
    const first = desk.publish(FRED, 3);
    const second = desk.publish(FRED, 4);
    expect([first.isUnchanged, second.isUnchanged]).toEqual([false, true]);
    expect(messages(second)[0]).toBe('fred 4: reply 250');
    expect(messages(second)[1]).toMatch(/^wilma 1: publish/);
  });

  it('[A4] a new lastUpdate is later than the previous one, also when the clock is not', () => {
    const desk = new Desk();
    desk.now = 5;
    desk.publish(FRED, 1);
    expect(desk.state.presence?.lastUpdate).toBe(1_000_001);
  });

  it('[P11] refuses more tuples or capability octets than the limits with 554', () => {
    const desk = new Desk();
    expect(messages(desk.publish(FRED, 1, { tupleCount: 64, capabilityOctets: 8192 }))).toEqual([
      'fred 1: reply 250',
    ]);
    expect(messages(desk.publish(FRED, 1, { tupleCount: 65 }))).toEqual(['fred 1: reply 554']);
    expect(messages(desk.publish(FRED, 1, { capabilityOctets: 8193 }))).toEqual(['fred 1: reply 554']);
  });

  it('[C8] a subaddress publishes for its own endpoint', () => {
    expect(messages(new Desk().publish('fred/appl=im@example.com', 1))).toEqual([
      'fred/appl=im 1: reply 250',
    ]);
  });
});
