import { expect, it, onTestFinished, vi } from 'vitest';
import type { ApexClient } from '../../src/index.ts';
import { expectExamples } from '../guides.ts';
import { FRED, House } from '../house.ts';
import { Wire } from '../wire.ts';
import { follow, followAll, publishMood } from './guide-example.ts';

it('the examples in the guide run, through a connection that breaks', async () => {
  expectExamples('subscribe.md', './presence/guide-example.ts');

  await using house = await House.open();
  await using wire = await Wire.to(house.server.address.port);
  const lines: string[] = [];
  let wake: (() => void) | undefined;
  const log = vi.spyOn(console, 'log').mockImplementation((...words) => {
    lines.push(words.join(' '));
    wake?.();
  });
  onTestFinished(() => log.mockRestore());
  const shown = async (line: string): Promise<void> => {
    while (!lines.includes(line)) await new Promise<void>((resolve) => (wake = resolve));
    lines.length = 0;
  };
  const fred = await house.attach(FRED);
  const attached = Promise.withResolvers<ApexClient>();
  const place = {
    host: '127.0.0.1',
    port: wire.port,
    credentials: { password: 'yabba dabba doo' },
    requireTls: false,
    reconnect: { baseMs: 1 },
  };

  const following = follow(place, attached.resolve);
  await shown('fred@example.com away');
  wire.cut();
  await shown('online again, 1 go on');
  await publishMood(fred);
  await shown('fred@example.com curious');
  await house.disallowWilma();
  await following;

  await house.allowWilma();
  const client = await attached.promise;
  const all = followAll(client, [FRED, 'barney@example.com']);
  await shown('fred@example.com curious');
  await house.disallowWilma();
  await all;
  expect(lines).toEqual(['fred@example.com terminated']);
  await client.close();
});
