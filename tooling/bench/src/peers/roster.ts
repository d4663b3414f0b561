import { type Load, localsOf, subscriptionsOf } from '../cases.ts';

/**
 * The contacts of each of a load's users, publishers and subscribers, by their locals: both see the presence of
 * the other one, as XMPP's subscription "both" says.
 */
export function rostersOf(load: Load): ReadonlyMap<string, readonly string[]> {
  const rosters = new Map<string, string[]>(localsOf(load).map((local) => [local, []]));
  for (const [publisher, subscriber] of subscriptionsOf(load)) {
    rosters.get(publisher)!.push(subscriber);
    rosters.get(subscriber)!.push(publisher);
  }
  return rosters;
}
