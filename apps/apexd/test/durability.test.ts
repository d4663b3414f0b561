import { type ApexClient, connect } from '@apex/client/tcp';
import { expect, it } from 'vitest';
import { Home } from './server-app.ts';

const publishers = Array.from({ length: 8 }, (_, index) => `p${index}@example.com`);
const infoOf = (update: number): string => `http://example.com/${update}`;

/** Publishes one update after the other until the session is lost; resolves with the last acknowledged one. */
async function publishUntilLost(client: ApexClient, acknowledged: () => void): Promise<number> {
  for (let update = 1; ; update += 1) {
    try {
      await client.presence.publish({
        publisherInfo: infoOf(update),
        tuples: [{ destination: `apex:${client.endpoint}`, availableUntil: '2525-12-31T23:59:59Z' }],
      });
    } catch (error) {
      expect(error).toMatchObject({ code: 'client.lost' });
      return update - 1;
    }
    acknowledged();
  }
}

it.each([
  ['alone', []],
  ['with workers', ['--workers', '2']],
])('[P10] loses no update that was acknowledged when it is killed: %s', async (_, workers) => {
  const home = new Home({ log: { level: 'error' } });
  await home.run('endpoint import', publishers.map((endpoint) => `${endpoint},pw\n`).join(''));
  const server = await home.serve(['serve', '--config', home.config, ...workers]);
  const clients = await Promise.all(
    publishers.map((endpoint) =>
      connect({
        host: '127.0.0.1',
        port: server.port,
        endpoint,
        credentials: { password: 'pw' },
        requireTls: false,
        reconnect: false,
      }),
    ),
  );
  let acknowledgements = 0;
  const acknowledged = (): void => {
    acknowledgements += 1;
    if (acknowledgements === 200) server.kill('SIGKILL');
  };
  const last = await Promise.all(clients.map((client) => publishUntilLost(client, acknowledged)));
  expect(await server.outcome).toMatchObject({ signal: 'SIGKILL' });

  await home.serve();
  for (const [index, endpoint] of publishers.entries()) {
    const { stdout } = await home.run(`presence show ${endpoint} --json`);
    const { publisherInfo } = JSON.parse(stdout) as { publisherInfo: string };
    // The one on its way may have become durable without its acknowledgement.
    expect([infoOf(last[index]!), infoOf(last[index]! + 1)]).toContain(publisherInfo);
  }
});
