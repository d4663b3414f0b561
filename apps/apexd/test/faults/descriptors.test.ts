import { readdirSync } from 'node:fs';
import { connect as connectSocket, type Socket } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { attach, canLimit, fred, infoOf, limit, provisioned, update, wilma } from './people.ts';

/** Connections that say nothing; resolves when the server has closed one of them. */
async function crowd(port: number, count: number): Promise<readonly Socket[]> {
  const sockets = Array.from({ length: count }, () => connectSocket({ host: '127.0.0.1', port }));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
  });
  await new Promise<void>((resolve) => {
    for (const socket of sockets) {
      socket.on('error', () => {}); // it may be reset
      socket.resume().once('close', () => resolve());
    }
  });
  return sockets;
}

it.for([
  ['alone', []],
  ['with workers', ['--workers', '1']],
] as const)(
  'without file descriptors takes no more connections and serves those that it has: %s',
  async ([, workers], test) => {
    if (!canLimit) return test.skip('prlimit is missing');
    const home = await provisioned();
    const server = await home.serve(['serve', '--config', home.config, ...workers]);
    const publisher = await attach(server, fred);
    const subscriber = await attach(server, wilma);
    const subscription = await subscriber.presence.subscribe(fred);

    const open = readdirSync(`/proc/${server.pid}/fd`).length;
    limit(server.pid, `--nofile=${open + 3}:4096`);
    const sockets = await crowd(server.port, 20);
    if (workers.length === 0) {
      await expect(attach(server, 'fred/late@example.com')).rejects.toMatchObject({ code: 'client.lost' });
      // Twice: the second one must not find a server that the first one has ended.
      for (let time = 0; time < 2; time += 1) {
        expect(await home.run(`presence show ${fred}`)).toMatchObject({
          code: 1,
          stdout: '',
          stderr: expect.stringMatching(/^apexd: [^\n]*; look into its log, and repeat the command\n$/),
        });
      }
    }
    await publisher.presence.publish(update(1));
    await subscription.changedFrom(subscription.current.lastUpdate).catch(() => {});
    await expect.poll(() => subscription.current.publisherInfo).toBe(infoOf(1));

    for (const socket of sockets) socket.destroy();
    limit(server.pid, '--nofile=4096:4096');
    await using late = await attach(server, 'fred/late@example.com', { reconnect: { fromStart: true } });
    expect((await late.presence.fetch(fred)).publisherInfo).toBe(infoOf(1));
    expect(await home.run(`presence show ${fred}`)).toMatchObject({ code: 0 });
    expect(await server.stop()).toMatchObject({ code: 0 });
  },
);

it('takes no more connections than it may open files, refuses those beyond in words, and says so at its start', async (test) => {
  if (!canLimit) return test.skip('prlimit is missing');
  const home = await provisioned();
  const server = await home.serve(undefined, [], { by: ['prlimit', '--nofile=258:258'] });
  expect(server.log()).toEqual([
    expect.objectContaining({
      level: 40,
      event: 'open-files.few',
      openFiles: 258,
      connections: 2,
      text: expect.stringMatching(/too few for limits\.connections \(500\): raise that .* or lower/),
    }),
  ]);
  const publisher = await attach(server, fred);
  await using _ = await attach(server, wilma);
  await expect(attach(server, 'wilma/late@example.com')).rejects.toMatchObject({
    message: expect.stringContaining('too many connections'),
  });
  await publisher.presence.publish(update(1));
});
