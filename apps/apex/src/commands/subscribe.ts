import { type ApplicationOptions, publisherOf, withApplication } from '../application.ts';
import { parseDuration } from '../duration.ts';
import { endOf } from '../printer.ts';

export interface FollowOptions extends ApplicationOptions {
  readonly duration: string;
}

/** `apex subscribe`: the publisher's entry, then each change, until the duration is over. */
export function subscribe(name: string, options: FollowOptions): Promise<void> {
  const publisher = publisherOf(name);
  const durationSeconds = parseDuration(options.duration, '--duration');
  return withApplication({ ...options, lasts: true }, async ({ client, print, signal }) => {
    const subscription = await client.presence.subscribe(publisher, { durationSeconds, signal });
    const { transID } = subscription;
    print({ event: 'started', publisher, endpoint: client.endpoint, transID });
    for await (const entry of subscription) print({ event: 'entry', entry });
    print(endOf(publisher, await subscription.ended));
  });
}
