import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { attach, fred, infoOf, provisioned, update } from './people.ts';

/** Loaded into all threads of a server: on SIGUSR2 that of the store ends, as it does when it has no memory left. */
const ending = `
import { isMainThread, threadName } from 'node:worker_threads';
const channel = new BroadcastChannel('end');
if (isMainThread) process.on('SIGUSR2', () => channel.postMessage(''));
else channel.onmessage = () => process.exit();
channel.unref();
`;

it.each([
  ['alone', []],
  ['with workers', ['--workers', '1']],
])(
  '[P10] ends at once when the thread of its store has ended, and has lost nothing when it is started again: %s',
  async (_, workers) => {
    const home = await provisioned();
    const path = join(home.folder, 'ending.mjs');
    writeFileSync(path, ending);
    const server = await home.serve(['serve', '--config', home.config, ...workers], ['--import', path]);
    const publisher = await attach(server, fred);
    await publisher.presence.publish(update(1));
    server.kill('SIGUSR2');
    expect(await server.outcome).toMatchObject({ code: 1 });
    expect(server.log()).toEqual([
      expect.objectContaining({
        level: 60,
        event: 'store.failed',
        code: 'store.lost',
        text: expect.stringMatching(/the worker of the store \S+apex\.db ended.*: restart the server/),
      }),
    ]);
    expect(await publisher.ended).toMatchObject({ kind: 'lost' });
    const next = await home.serve();
    expect((await (await attach(next, fred)).presence.fetch(fred)).publisherInfo).toBe(infoOf(1));
  },
);
