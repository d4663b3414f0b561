import { expect, it, onTestFinished, vi } from 'vitest';
import { expectExamples } from '../guides.ts';
import { FRED, House, WILMA } from '../house.ts';
import { addPhone, attach, leave, publish, tellWhatWentWrong } from './publish-guide-example.ts';

it('[3343 §4.4] the examples in the guide run', async () => {
  expectExamples('publish.md', './presence/publish-guide-example.ts');
  const log = vi.spyOn(console, 'log').mockImplementation(() => {});
  onTestFinished(() => log.mockRestore());
  await using house = await House.open();
  const { host, port } = house.server.address;
  const fred = await attach({ host, port, requireTls: false }, 'yabba dabba doo');
  const phone = await house.attach('fred/phone@example.com');
  const wilma = await house.attach(WILMA);
  await publish(fred);
  await addPhone(phone);
  const shown = async () => {
    const { tuples } = await wilma.presence.fetch(FRED);
    return tuples.map(({ destination, availableUntil }) => [
      destination,
      Date.parse(availableUntil) > Date.now(),
    ]);
  };
  expect(await shown()).toEqual([
    ['apex:fred/desk@example.com', true],
    ['tel:+15550100', true],
  ]);
  await tellWhatWentWrong(fred);
  await leave(fred);
  expect(await shown()).toEqual([
    ['apex:fred/desk@example.com', false],
    ['tel:+15550100', false],
  ]);
  expect(log.mock.calls).toEqual([
    ['fred/desk@example.com', 'attached'],
    ['client.usage', undefined],
  ]);
});
