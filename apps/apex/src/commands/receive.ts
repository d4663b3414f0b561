import { textOf } from '@apex/client';
import { type ApplicationOptions, withApplication } from '../application.ts';
import { usage } from '../errors.ts';

export interface ReceiveOptions extends ApplicationOptions {
  readonly count?: string;
  readonly override?: true;
}

/** `apex receive`: data that comes for the endpoint, what was held for it first. */
export async function receive(options: ReceiveOptions): Promise<void> {
  const most = options.count === undefined ? Number.POSITIVE_INFINITY : Number(options.count);
  if (options.count !== undefined && !(Number.isSafeInteger(most) && most >= 1)) {
    throw usage(`--count ${options.count}: expected a whole number from 1 up`);
  }
  const attachment = { isExact: true, attachOverride: options.override === true };
  await withApplication({ ...options, ...attachment, lasts: true }, async ({ client, print }) => {
    print({ event: 'attached', endpoint: client.endpoint });
    let count = 0;
    for await (const received of client.incoming) {
      const { originator, recipient, content } = received;
      const text = textOf(received);
      const type = content.kind === 'part' ? content.contentType : content.kind;
      const octets = content.kind === 'part' ? content.body.length : undefined;
      print({
        event: 'received',
        originator,
        recipient,
        type,
        ...(text === undefined ? {} : { text }),
        ...(octets === undefined ? {} : { octets }),
        ...(content.kind === 'external' ? { uri: content.uri } : {}),
      });
      count += 1;
      // What has come meanwhile was accepted: it is printed before the end, and lost to nobody.
      if (count === most) void client.close();
    }
  });
}
