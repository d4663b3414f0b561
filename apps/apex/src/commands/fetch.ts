import { type ApplicationOptions, publisherOf, withApplication } from '../application.ts';

/** `apex fetch`: the publisher's entry as it is now. */
export function fetch(name: string, options: ApplicationOptions): Promise<void> {
  const publisher = publisherOf(name);
  return withApplication({ ...options, lasts: false }, async ({ client, print }) => {
    print({ event: 'entry', entry: await client.presence.fetch(publisher) });
  });
}
