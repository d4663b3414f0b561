import { setTimeout as pause } from 'node:timers/promises';
import type { Transport } from '@apex/beep';
import { describe, expect, it } from 'vitest';
import { attach, fred, infoOf, provisioned, update, wilma } from './people.ts';

/** A peer that answers nothing any more, from when `isMute` is set. */
function mutable(place: { isMute: boolean }) {
  return (transport: Transport): Transport => ({
    remoteAddress: transport.remoteAddress,
    secured: transport.secured,
    open: (handler) => transport.open(handler),
    write: (octets) => place.isMute || transport.write(octets),
    close: () => transport.close(),
    abort: () => transport.abort(),
    pause: () => transport.pause(),
    resume: () => transport.resume(),
  });
}

describe.each([
  ['alone', []],
  ['with workers', ['--workers', '1']],
])('a server that was stopped for 30 s (SIGSTOP): %s', (_, workers) => {
  it('goes on where it was: nobody is blamed for the time, except who really does not answer', async () => {
    const home = await provisioned({ limits: { deliverySeconds: 10 } });
    const server = await home.serve(['serve', '--config', home.config, ...workers]);
    const publisher = await attach(server, fred, { replyMs: 100_000 });
    const place = { isMute: false };
    const mute = await attach(server, 'wilma/mute@example.com', { through: mutable(place) });
    await mute.presence.subscribe(fred);
    const subscribers = await Promise.all(
      [0, 1, 2, 3].map((index) => attach(server, `wilma/${index}@example.com`)),
    );
    const subscriptions = await Promise.all(subscribers.map(({ presence }) => presence.subscribe(fred)));
    // So that deliveries are on their way at the moment of the stop, and answered while it lasts.
    let number = 0;
    let isOver = false;
    const publishing = (async () => {
      while (!isOver) {
        number += 1;
        await publisher.presence.publish(update(number));
      }
    })();
    await expect.poll(() => number).toBeGreaterThan(20);
    server.kill('SIGSTOP');
    await pause(30_000);
    place.isMute = true;
    server.kill('SIGCONT');
    // The server has looked at its deliveries again when it ends this one.
    expect(await mute.ended).toMatchObject({ kind: expect.stringMatching(/^(detached|lost)$/) });
    isOver = true;
    await publishing;
    for (const subscription of subscriptions) {
      await expect.poll(() => subscription.current.publisherInfo).toBe(infoOf(number));
    }
    for (const client of [publisher, ...subscribers]) expect(client.state).toBe('attached');
    await (await attach(server, wilma)).presence.fetch(fred);
    expect(await server.stop()).toMatchObject({ code: 0 });
  });
});
