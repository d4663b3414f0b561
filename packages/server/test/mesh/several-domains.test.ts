import { nameServer } from '@apex/vitest/name-server';
import { describe, expect, it, vi } from 'vitest';
import type { MeshPeer } from '../../src/index.ts';
import { Attached, type House, place, placedHouse, secret, statusRequest } from './house.ts';

const fredAt = 'fred@example.com';
const barneyAt = 'barney@example.org';
const wilmaAt = 'wilma@rubble.com';

/** A server of example.com and example.org, and one of rubble.com that knows these peers. */
async function scene(peers: Readonly<Record<string, MeshPeer>>): Promise<{
  readonly both: House;
  readonly rubble: House;
  readonly fred: Attached;
  readonly barney: Attached;
  readonly wilma: Attached;
}> {
  const dns = await nameServer();
  const both = await placedHouse(dns, 'example.com', { peers: { 'rubble.com': { secret } } }, ['fred'], {
    domain: ['example.com', 'example.org'],
  });
  await both.administration.addEndpoint(barneyAt, 'pebbles');
  place(dns, 'example.org', both.mesh?.address?.port ?? 0);
  const rubble = await placedHouse(dns, 'rubble.com', { peers }, ['wilma']);
  return {
    both,
    rubble,
    fred: await Attached.as(fredAt, both.address.port),
    barney: await Attached.as(barneyAt, both.address.port),
    wilma: await Attached.as(wilmaAt, rubble.address.port),
  };
}

describe('a server of two domains', () => {
  it('[3340 §2.1] [3340 §4.4.2] binds for both of them on one session, where the peer lets it', async () => {
    const { both, rubble, fred, barney, wilma } = await scene({
      'example.com': { secret, domains: ['example.org'] },
      'example.org': { secret, domains: ['example.com'] },
    });
    await fred.send(wilmaAt);
    await wilma.until(1);
    await barney.send(wilmaAt);
    await wilma.until(2);
    expect(wilma.came.map(({ from }) => from)).toEqual([fredAt, barneyAt]);
    expect(both.mesh?.counters.dialled).toBe(1);
    expect(rubble.mesh?.sessions).toBe(1);
    // What she sends back takes the same session, whichever of them it is for.
    await wilma.send(fredAt);
    await fred.until(1);
    await wilma.send(barneyAt);
    await barney.until(1);
    expect(rubble.mesh?.counters.dialled).toBe(0);
  });

  it('[B15] [C2] has a session for each of them, where it does not', async () => {
    const { both, rubble, fred, barney, wilma } = await scene({
      'example.com': { secret },
      'example.org': { secret },
    });
    await fred.send(wilmaAt);
    await wilma.until(1);
    await barney.send(wilmaAt);
    await wilma.until(2);
    expect(wilma.came.map(({ from }) => from)).toEqual([fredAt, barneyAt]);
    expect(both.mesh?.counters.dialled).toBe(2);
    expect(rubble.mesh?.sessions).toBe(2);
    expect(both.mesh?.peers().map(({ as, domain }) => `${as} ${domain}`)).toEqual([
      'example.com rubble.com',
      'example.org rubble.com',
    ]);
  });

  it('[C2] tells only those of a domain that the peer does not know that it is refused', async () => {
    const { fred, barney, wilma } = await scene({ 'example.com': { secret } });
    await barney.send(wilmaAt, { options: statusRequest(1, 'this') });
    await fred.send(wilmaAt);
    await wilma.until(1);
    await barney.until(1);
    expect(barney.reports()).toEqual(['1 wilma@rubble.com 535']);
  });

  it('[B15] is asked for the one that is dialled', async () => {
    const { both, rubble, barney, wilma } = await scene({
      'example.com': { secret },
      'example.org': { secret },
    });
    await wilma.send(barneyAt);
    await barney.until(1);
    expect(both.mesh?.peers()).toMatchObject([{ as: 'example.org', domain: 'rubble.com', sessions: 1 }]);
    await barney.send(wilmaAt);
    await wilma.until(1);
    await vi.waitFor(() => expect(both.mesh?.counters).toMatchObject({ dialled: 0, forwarded: 1 }));
    expect(rubble.mesh?.sessions).toBe(0);
  });
});
