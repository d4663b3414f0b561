import { expect, it } from 'vitest';
import { attach, infoOf, provisioned } from './people.ts';

it('a server that has no memory left ends, says so, and has lost nothing that it acknowledged', async () => {
  // All that is ever published is to stay in memory.
  const home = await provisioned({ limits: { cachedSubjects: 100_000, capabilityOctets: 250_000 } });
  const publishers = Array.from({ length: 300 }, (_, index) => `p${index}@example.com`);
  await home.run('endpoint import', publishers.map((endpoint) => `${endpoint},yabba\n`).join(''));
  const server = await home.serve(undefined, ['--max-old-space-size=48']);
  const value = 'x'.repeat(8000);
  const tuples = Array.from({ length: 25 }, (_, index) => ({
    destination: `mailto:${index}@example.com`,
    availableUntil: '2525-12-31T23:59:59Z',
    capabilities: [{ baseline: 'http://example.com/x', value }],
  }));
  let acknowledged = 0;
  const fill = async (): Promise<void> => {
    for (const endpoint of publishers) {
      const client = await attach(server, endpoint);
      await client.presence.publish({ publisherInfo: infoOf(1), tuples });
      acknowledged += 1;
      await client.close();
    }
  };
  await expect(fill()).rejects.toMatchObject({ code: 'client.lost' });
  const { code, signal, stderr } = await server.outcome;
  expect({ code, signal }).toEqual({ code: null, signal: 'SIGABRT' });
  expect(stderr).toContain('JavaScript heap out of memory');
  expect(acknowledged).toBeGreaterThan(10);

  const next = await home.serve();
  const reader = await attach(next, 'p0/reader@example.com');
  for (const endpoint of publishers.slice(0, acknowledged)) {
    expect(await reader.presence.fetch(endpoint), endpoint).toMatchObject({ publisherInfo: infoOf(1) });
  }
  expect(await next.stop()).toMatchObject({ code: 0 });
});
