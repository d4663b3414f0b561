import { expect, it, vi } from 'vitest';
import type { LiveState } from '../../src/react/live-state.ts';
import { SharedOperations } from '../../src/react/shared-operations.ts';
import { FRED, House, WILMA } from '../house.ts';

it('one that is asked for again before the one before it has ended waits for that', async () => {
  await using house = await House.open();
  const wilma = await house.attach(WILMA);
  const subscriptions = new SharedOperations<{ publisher: string }, unknown>(wilma, {
    async begin(client, publisher, options) {
      return { operation: await client.presence.subscribe(publisher, options), held: { publisher } };
    },
    next: (held) => held,
  });
  const states: LiveState<object>['kind'][] = [];
  const changed = vi.fn(() => states.push(subscriptions.state(FRED).kind));

  const leave = subscriptions.subscribe(FRED, changed);
  // Its request is made in the next microtask.
  await Promise.resolve();
  leave();
  // The microtask in which it is left.
  await Promise.resolve();
  const begun = Promise.withResolvers<void>();
  const leaveAgain = subscriptions.subscribe(FRED, () => {
    changed();
    if (subscriptions.state(FRED).kind !== 'loading') begun.resolve();
  });
  await begun.promise;
  expect(states).toEqual(['present']);
  leaveAgain();
});
