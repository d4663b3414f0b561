import { describe, expect, it } from 'vitest';
import { Model } from '../src/model.ts';

const [fred, wilma, barney] = ['fred@example.com', 'wilma@example.com', 'barney@example.com'];
const entry = (update: number, lastUpdateMs = update) => ({ publisher: fred, update, lastUpdateMs });

function published(model: Model, count: number): void {
  for (let done = 0; done < count; done += 1) model.beginPublish(fred).settle('done');
}

describe('the checker finds', () => {
  it('an update that was lost', () => {
    const model = new Model();
    published(model, 2);
    model.beginRead(wilma, fred)(1);
    expect(model.violations).toEqual([
      expect.stringContaining('read update 1 of fred@example.com, and only 2'),
    ]);
  });

  it('an update that somebody has seen, and that is gone although it was never acknowledged', () => {
    const model = new Model();
    const { settle } = model.beginPublish(fred);
    model.seen(wilma, entry(1));
    settle('unknown');
    model.beginRead(barney, fred)(0);
    expect(model.violations).toHaveLength(1);
  });

  it('updates out of order, and two with one lastUpdate', () => {
    const model = new Model();
    published(model, 3);
    model.seen(wilma, entry(1));
    model.seen(wilma, entry(3));
    model.seen(wilma, entry(2));
    expect(model.violations).toEqual([
      expect.stringContaining('update 2 of fred@example.com (2) came behind 3 (3)'),
    ]);
    model.seen(barney, entry(1, 5));
    model.seen(barney, entry(2, 5));
    expect(model.violations).toHaveLength(2);
  });

  it('an update that was refused, or never published', () => {
    const model = new Model();
    const { settle } = model.beginPublish(fred);
    model.seen(wilma, entry(2));
    model.seen(wilma, entry(1));
    settle('refused');
    expect(model.violations).toEqual([
      expect.stringContaining('was never published'),
      expect.stringContaining('was refused, and seen before that'),
    ]);
  });

  it('an update without the right to see it, and not one that was on its way when the right was lost', () => {
    const model = new Model();
    published(model, 1);
    const late = model.beginPublish(fred);
    model.beginAccess(fred, wilma, false)('done');
    late.settle('done');
    model.seen(wilma, entry(2));
    expect(model.violations).toEqual([]);
    published(model, 1);
    model.seen(wilma, entry(3));
    expect(model.violations).toEqual([expect.stringContaining('came without the right to see it')]);
  });

  it('a subscribe that is accepted without the right, refused with it, or refused for anything else', () => {
    const model = new Model();
    model.beginSubscribe(fred, wilma)('refused', 537);
    model.beginAccess(fred, wilma, false)('done');
    model.beginSubscribe(fred, wilma)('done');
    model.beginSubscribe(fred, wilma)('refused', 451);
    model.beginSubscribe(fred, wilma)('refused', 537);
    expect(model.violations).toEqual([
      expect.stringContaining('refused, with the right'),
      expect.stringContaining('succeeded without the right'),
      expect.stringContaining('refused with 451'),
    ]);
  });

  it('a subscription that was ended with the right to it, and not one whose right may have been lost', () => {
    const model = new Model();
    const begunAt = model.now();
    model.beginSubscribe(fred, wilma)('done');
    model.beginAccess(fred, wilma, false)('unknown');
    model.revoked(fred, wilma, begunAt);
    model.beginSubscribe(fred, barney)('done');
    model.revoked(fred, barney, begunAt);
    expect(model.violations).toEqual([expect.stringContaining('barney@example.com: the subscription')]);
  });

  it('whom a watcher was told of who never asked', () => {
    const model = new Model();
    model.sought(fred, barney);
    model.notified(wilma, fred, barney);
    expect(model.violations).toEqual([]);
    model.notified(wilma, fred, wilma);
    expect(model.violations).toHaveLength(1);
  });
});

describe('the checker knows of a subscription', () => {
  it('that it is there when it was acknowledged, unless it was terminated or the right to it is gone', () => {
    const model = new Model();
    expect(model.mayBeSubscribed(fred, wilma)).toEqual(new Set([false]));
    model.beginSubscribe(fred, wilma)('done');
    expect(model.mayBeSubscribed(fred, wilma)).toEqual(new Set([true]));
    model.beginTerminate(fred, wilma)('unknown');
    expect(model.mayBeSubscribed(fred, wilma)).toEqual(new Set([true, false]));
    model.beginSubscribe(fred, wilma)('done');
    model.beginAccess(fred, wilma, false)('done');
    expect(model.mayBeSubscribed(fred, wilma)).toEqual(new Set([false]));
  });

  it('that a refusal has ended the one before it', () => {
    const model = new Model();
    model.beginSubscribe(fred, wilma)('done');
    model.beginAccess(fred, wilma, false)('unknown');
    model.beginSubscribe(fred, wilma)('refused', 537);
    model.beginAccess(fred, wilma, true)('done');
    expect(model.mayBeSubscribed(fred, wilma)).toEqual(new Set([false]));
  });
});
