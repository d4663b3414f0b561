import { publisherOf, withApplication } from '../application.ts';
import { parseDuration } from '../duration.ts';
import { endOf } from '../printer.ts';
import type { FollowOptions } from './subscribe.ts';

/** `apex watch`: who subscribes to the publisher, and who no longer does, until the duration is over. */
export function watch(name: string, options: FollowOptions): Promise<void> {
  const publisher = publisherOf(name);
  const durationSeconds = parseDuration(options.duration, '--duration');
  return withApplication({ ...options, lasts: true }, async ({ client, print, signal }) => {
    const watched = await client.presence.watch(publisher, { durationSeconds, signal });
    print({ event: 'started', publisher, endpoint: client.endpoint, transID: watched.transID });
    for await (const notification of watched) {
      // A command renews nothing, so that nothing begins again.
      if (notification.action !== 'restart') print({ event: 'notification', publisher, ...notification });
    }
    print(endOf(publisher, await watched.ended));
  });
}
