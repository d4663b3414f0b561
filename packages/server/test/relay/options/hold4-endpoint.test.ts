import { ReplyError, SessionLostError } from '@apex/beep';
import { describe, expect, it } from 'vitest';
import { FaultyStore } from '../../../src/store/faulty-store.ts';
import { MemoryStore } from '../../../src/store/memory/memory-store.ts';
import { Stage } from '../stage.ts';
import { barney, fred, reports, statusRequest, twoAttached, wilma } from './reporting.ts';

const HOLD = "<option internal='hold4Endpoint' />";

/** Fred sends barney one message for each number, to be held; resolves when all are answered. */
async function hold(
  stage: Stage,
  at: ReturnType<Stage['channel']>,
  numbers: readonly number[],
  { to = barney, options = '' } = {},
): Promise<('ok' | number)[]> {
  const answers = numbers.map((number) => stage.send(at, fred, [to], HOLD + options, `<n>${number}</n>`));
  await Promise.all(answers.map(({ settled }) => settled));
  return answers.flatMap(({ given }) => given);
}

/** The numbers that were sent over a link, in their order. */
function numbers(at: ReturnType<Stage['channel']>): number[] {
  return at.link.sent.map(({ text }) => Number(/<n>(\d+)<\/n>/.exec(text)?.[1]));
}

describe('hold4Endpoint', () => {
  it('[3342 §3] [C14] holds data for a recipient that is not attached, and delivers it in order when it attaches', async () => {
    const { stage, fredAt } = twoAttached();
    expect(await hold(stage, fredAt, [1, 2, 3])).toEqual(['ok', 'ok', 'ok']);
    const at = stage.attached(barney);
    await stage.until(() => at.link.sent.length === 3);
    expect(numbers(at)).toEqual([1, 2, 3]);
    expect(at.link.sent[0]?.text).toContain(HOLD);
    for (const { acknowledge } of at.link.sent) acknowledge();
    expect(stage.relay.held.size).toBe(0);
    await stage.relay.stop();
    expect(await stage.store.listHeld(0, 10)).toEqual([]);
  });

  it('[C14] writes before the ok, and removes after the ok of the recipient', async () => {
    const store = new FaultyStore(new MemoryStore());
    const { stage, fredAt } = twoAttached({}, { store });
    await stage.until(() => store.waiting === 0);
    store.hold();
    const answers = stage.send(fredAt, fred, [barney], HOLD);
    await stage.until(() => store.waiting === 1);
    expect(answers.given).toEqual([]);
    store.release();
    await answers.settled;
    expect(answers.given).toEqual(['ok']);
    expect(await store.listHeld(0, 10)).toHaveLength(1);
    const at = stage.attached(barney);
    await stage.until(() => at.link.sent.length === 1);
    expect(await store.listHeld(0, 10)).toHaveLength(1);
    at.link.sent[0]?.acknowledge();
    await stage.relay.stop();
    expect(await store.listHeld(0, 10)).toEqual([]);
  });

  it('[C14] is refused with 451 when it cannot be written, for all recipients alike', async () => {
    const store = new FaultyStore(new MemoryStore());
    const { stage, fredAt, wilmaAt } = twoAttached({}, { store });
    await stage.until(() => store.waiting === 0);
    store.failNext();
    const answers = stage.send(
      fredAt,
      fred,
      [barney, wilma, 'apex=presence@example.com'],
      HOLD + statusRequest(1),
    );
    await answers.settled;
    expect(answers.given).toEqual([451]);
    expect(wilmaAt.link.sent).toEqual([]);
    expect(stage.served).toEqual([]);
    expect(reports(stage)).toEqual([]);
    expect(stage.relay.held.size).toBe(0);
  });

  it('[C14] writes data for a recipient that is attached too, so that a crash does not lose it', async () => {
    const { stage, fredAt, wilmaAt } = twoAttached();
    await hold(stage, fredAt, [1], { to: wilma });
    expect(numbers(wilmaAt)).toEqual([1]);
    const again = new Stage({}, { store: stage.store });
    await again.relay.start();
    const at = again.attached(wilma);
    await again.until(() => at.link.sent.length === 1);
    expect(numbers(at)).toEqual([1]);
  });

  it('[3342 §3] keeps what an attachment did not acknowledge for the next one, in order', async () => {
    const { stage, fredAt } = twoAttached();
    await hold(stage, fredAt, [1, 2, 3]);
    const first = stage.attached(barney);
    await stage.until(() => first.link.sent.length === 3);
    first.link.sent[0]?.acknowledge();
    stage.relay.closed(first.channel);
    const second = stage.attached(barney);
    await hold(stage, fredAt, [4]);
    await stage.until(() => second.link.sent.length === 3);
    expect(numbers(second)).toEqual([2, 3, 4]);
    // An answer of the first one that comes late is one all the same.
    first.link.sent[1]?.acknowledge();
    first.link.sent[2]?.acknowledge(new SessionLostError('gone'));
    expect(stage.relay.held.size).toBe(2);
    for (const { acknowledge } of second.link.sent) acknowledge();
    expect(stage.relay.held.size).toBe(0);
  });

  it('drops what the recipient refuses for good, and tries again what it cannot take now', async () => {
    const { stage, fredAt, wilmaAt } = twoAttached();
    await hold(stage, fredAt, [1, 2], { to: wilma, options: statusRequest(5) });
    wilmaAt.link.sent[0]?.acknowledge(new ReplyError(550, 'no'));
    expect(reports(stage)).toEqual([`${fred} 5 ${wilma} 550`]);
    wilmaAt.link.sent[1]?.acknowledge(new ReplyError(450, 'busy'));
    expect(numbers(wilmaAt)).toEqual([1, 2]);
    stage.clock.advance(1000);
    expect(numbers(wilmaAt)).toEqual([1, 2, 2]);
    wilmaAt.link.sent[2]?.acknowledge();
    expect(reports(stage).at(-1)).toBe(`${fred} 5 ${wilma} 250`);
  });

  it('[C14] reports 550 for data over the limit of messages, subaddresses counted with their endpoint', async () => {
    const { stage, fredAt } = twoAttached({ heldMessagesPerEndpoint: 2 });
    const options = statusRequest(5);
    expect(await hold(stage, fredAt, [1], { options })).toEqual(['ok']);
    expect(await hold(stage, fredAt, [2], { options, to: 'barney/x@example.com' })).toEqual(['ok']);
    expect(await hold(stage, fredAt, [3], { options, to: 'barney/y@example.com' })).toEqual(['ok']);
    expect(reports(stage)).toEqual([`${fred} 5 barney/y@example.com 550`]);
    const at = stage.attached(barney);
    await stage.until(() => at.link.sent.length === 1);
    at.link.sent[0]?.acknowledge();
    expect(await hold(stage, fredAt, [4], { to: 'barney/y@example.com' })).toEqual(['ok']);
    expect(stage.relay.held.size).toBe(2);
  });

  it('[C14] [3342 §7 rule 2] reports 550 for data over the limit of octets', async () => {
    const { stage, fredAt } = twoAttached({ heldOctetsPerEndpoint: 600 });
    await hold(stage, fredAt, [1, 2], { options: statusRequest(5) });
    expect(reports(stage)).toEqual([`${fred} 5 ${barney} 550`]);
  });

  it('[C14] drops data that names no time of its own after the limit of seconds', async () => {
    const { stage, fredAt } = twoAttached({ heldSeconds: 60 });
    await hold(stage, fredAt, [1], { options: statusRequest(5) });
    stage.clock.advance(59_999);
    expect(stage.relay.held.size).toBe(1);
    stage.clock.advance(1);
    expect(stage.relay.held.size).toBe(0);
    expect(reports(stage)).toEqual([`${fred} 5 ${barney} 550`]);
    await stage.relay.stop();
    expect(await stage.store.listHeld(0, 10)).toEqual([]);
  });

  it('[C14] [3342 §3] keeps it over a restart, and drops at the start what is over by then', async () => {
    const { stage, fredAt } = twoAttached({ heldSeconds: 60 });
    await hold(stage, fredAt, [1]);
    stage.clock.advance(30_000);
    await hold(stage, fredAt, [2, 3]);
    await stage.relay.stop();
    const later = new Stage({}, { store: stage.store });
    // 70 s after the first, 40 s after the others; the monotonic clock begins anew.
    later.clock.offset += 70_000;
    await later.relay.start();
    expect(later.relay.held.size).toBe(2);
    const at = later.attached(barney);
    await later.until(() => at.link.sent.length === 2);
    expect(numbers(at)).toEqual([2, 3]);
    later.clock.advance(20_000);
    expect(later.relay.held.size).toBe(0);
  });

  it('numbers what comes after a restart behind what is there', async () => {
    const { stage, fredAt } = twoAttached();
    await hold(stage, fredAt, [1, 2]);
    const later = new Stage({}, { store: stage.store });
    await later.relay.start();
    await hold(later, later.attached(fred), [3]);
    const at = later.attached(barney);
    await later.until(() => at.link.sent.length === 3);
    expect(numbers(at)).toEqual([1, 2, 3]);
  });

  it('[C14] checks access on arrival', async () => {
    const { stage, fredAt } = twoAttached();
    stage.verdicts.set(`${barney} ${fred} core:data`, 'denied');
    expect(await hold(stage, fredAt, [1], { options: statusRequest(5) })).toEqual(['ok']);
    expect(reports(stage)).toEqual([`${fred} 5 ${barney} 537`]);
    expect(await stage.store.listHeld(0, 10)).toEqual([]);
  });

  it('[C14] checks access on delivery', async () => {
    const { stage, fredAt } = twoAttached();
    await hold(stage, fredAt, [1], { options: statusRequest(5) });
    stage.verdicts.set(`${barney} ${fred} core:data`, 'denied');
    const at = stage.attached(barney);
    await stage.until(() => reports(stage).length > 0);
    expect(reports(stage)).toEqual([`${fred} 5 ${barney} 537`]);
    expect(at.link.sent).toEqual([]);
    expect(stage.relay.held.size).toBe(0);
  });

  it('[A8] is dropped when its recipient is removed', async () => {
    const { stage, fredAt } = twoAttached();
    await hold(stage, fredAt, [1], { to: 'barney/x@example.com' });
    await hold(stage, fredAt, [2], { options: statusRequest(5) });
    stage.relay.held.removed(barney);
    expect(stage.relay.held.size).toBe(0);
    expect(reports(stage)).toEqual([`${fred} 5 ${barney} 550`]);
  });

  it('is nothing to a service, which is always there, nor to other domains', async () => {
    const { stage, fredAt } = twoAttached();
    expect(stage.send(fredAt, fred, ['apex=presence@example.com', 'barney@rubble.com'], HOLD).given).toEqual([
      'ok',
    ]);
    expect(stage.served).toHaveLength(1);
    expect(stage.forwarded).toHaveLength(1);
    expect(stage.relay.held.size).toBe(0);
  });

  it('is not held for a recipient that is left out for an option', async () => {
    const { stage, fredAt } = twoAttached();
    const mystery = "<option internal='mystery' mustUnderstand='true' transID='1' />";
    expect(stage.send(fredAt, fred, [barney], HOLD + mystery).given).toEqual(['ok']);
    expect(stage.relay.held.size).toBe(0);
  });

  it('[3342 §6] that is not empty makes the data invalid: 501', () => {
    const { stage, fredAt } = twoAttached();
    expect(stage.send(fredAt, fred, [barney], "<option internal='hold4Endpoint'>yes</option>").given).toEqual(
      [501],
    );
  });

  it('removes later what the store could not remove at once', async () => {
    const store = new FaultyStore(new MemoryStore());
    const { stage, fredAt, wilmaAt } = twoAttached({}, { store });
    await hold(stage, fredAt, [1], { to: wilma });
    store.failNext();
    wilmaAt.link.sent[0]?.acknowledge();
    await stage.until(() => store.waiting === 0);
    await stage.until(() => stage.clock.timers > 0);
    expect(await store.listHeld(0, 10)).toHaveLength(1);
    stage.clock.advance(1000);
    await stage.until(() => store.waiting === 0);
    expect(await store.listHeld(0, 10)).toEqual([]);
  });
});
