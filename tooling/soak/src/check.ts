import type { Stage } from './actors/actor.ts';
import type { Publisher } from './actors/publisher.ts';
import type { Sleeper } from './actors/sleeper.ts';
import type { Subscriber } from './actors/subscriber.ts';
import type { Watcher } from './actors/watcher.ts';
import { until } from './server.ts';
import { Visitor } from './visitor.ts';
import { updateOf } from './wire.ts';

/** Who looks at the end. */
export const CHECKER = 'checker@example.com';

export interface Cast {
  readonly publishers: readonly Publisher[];
  readonly subscribers: readonly Subscriber[];
  readonly sleepers: readonly Sleeper[];
  readonly watchers: readonly Watcher[];
}

/**
 * With everybody there and nobody killed: one more update of each publisher comes to all who are subscribed, and
 * watchers are told of one who asks.
 */
export async function checkDelivery(
  stage: Stage,
  { publishers, subscribers, watchers }: Cast,
): Promise<void> {
  const { model, place } = stage;
  const everybody = [...publishers, ...subscribers, ...watchers];
  await until(
    () => everybody.every(({ visitor }) => visitor.client.state === 'attached'),
    'not everybody came back',
  );
  const updates = new Map<string, number>();
  for (const publisher of publishers) {
    const update = await publisher.publish();
    updates.set(publisher.endpoint, update);
    if (model.latest(publisher.endpoint) < update) {
      model.violation(`${publisher.endpoint}: the last update was not accepted, with nobody to disturb it`);
    }
  }
  for (const { endpoint, subscribed } of subscribers) {
    for (const publisher of subscribed) {
      await settled(() => model.lastSeen(publisher, endpoint) === updates.get(publisher), {
        complain: () => model.violation(`${endpoint}: the last update of ${publisher} never came`),
        // Its end may have been on its way.
        isMoot: () => !subscribers.find((each) => each.endpoint === endpoint)?.subscribed.includes(publisher),
      });
    }
  }
  for (const watcher of watchers) watcher.forget();
  await using checker = await asyncDisposable(Visitor.attach(place, model, CHECKER));
  for (const { endpoint } of publishers) {
    model.sought(endpoint, CHECKER);
    await checker.visitor.client.presence.fetch(endpoint);
  }
  for (const watcher of watchers) {
    for (const publisher of watcher.watched) {
      await settled(() => watcher.wasToldOf(publisher, CHECKER), {
        complain: () => model.violation(`${watcher.endpoint}: was not told who asked for ${publisher}`),
        isMoot: () => false,
      });
    }
  }
}

/** After one more kill, with nobody there but those who look: what was acknowledged is there. */
export async function checkKept(stage: Stage, { publishers, subscribers, sleepers }: Cast): Promise<void> {
  const { model, place } = stage;
  await using checker = await asyncDisposable(Visitor.attach(place, model, CHECKER));
  for (const { endpoint } of publishers) {
    const read = model.beginRead(CHECKER, endpoint);
    read(updateOf((await checker.visitor.client.presence.fetch(endpoint)).publisherInfo));

    await using owner = await asyncDisposable(Visitor.attach(place, model, endpoint));
    for (const { endpoint: actor } of subscribers) {
      const entry = await owner.visitor.client.access.get(actor);
      const isAllowed = entry?.actions?.includes('presence:subscribe') ?? true;
      if (!model.mayBeAllowed(endpoint, actor).has(isAllowed)) {
        model.violation(
          `${endpoint}: the access of ${actor} is ${isAllowed}, and the opposite was acknowledged`,
        );
      }
    }

    const present = await subscribersOf(owner.visitor, endpoint);
    for (const { endpoint: originator } of [...subscribers, ...sleepers]) {
      const isThere = present.has(originator);
      if (model.mayBeSubscribed(endpoint, originator).has(isThere)) continue;
      const what = isThere
        ? 'is there, and was acknowledged to be over'
        : 'was acknowledged, and is not there';
      model.violation(`${originator}: the subscription to ${endpoint} ${what}`);
    }
  }
}

/** Those who are subscribed to a publisher, as a new watch tells it. */
async function subscribersOf({ client }: Visitor, publisher: string): Promise<ReadonlySet<string>> {
  const present = new Set<string>();
  const watch = await client.presence.watch(publisher);
  // Present ones come first, and what is decided later, such as this, behind them.
  const asked = client.presence.fetch(publisher);
  for await (const notification of watch) {
    if (notification.action !== 'subscribe') continue;
    if (notification.subscriber === client.endpoint && notification.durationSeconds === 0) break;
    present.add(notification.subscriber);
  }
  await asked;
  return present;
}

interface Wanted {
  complain(): void;
  isMoot(): boolean;
}

async function settled(holds: () => boolean, { complain, isMoot }: Wanted): Promise<void> {
  await until(() => holds() || isMoot(), '').catch(complain);
}

async function asyncDisposable(
  attaching: Promise<Visitor>,
): Promise<{ readonly visitor: Visitor } & AsyncDisposable> {
  const visitor = await attaching;
  return { visitor, [Symbol.asyncDispose]: () => visitor.client.close() };
}
