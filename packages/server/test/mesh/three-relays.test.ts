import { contentElement, dataHoppingOf, dataTimingOf } from '@apex/protocol';
import { nameServer } from '@apex/vitest/name-server';
import { describe, expect, it, vi } from 'vitest';
import type { MeshPeer } from '../../src/index.ts';
import {
  Attached,
  type Came,
  dataTiming,
  type House,
  placedHouse,
  reportOf,
  secret,
  statusRequest,
} from './house.ts';

const fredAt = 'fred@example.com';
const slateAt = 'slate@quarry.com';

interface Scene {
  readonly example: House;
  readonly rubble: House;
  readonly quarry: House;
  readonly fred: Attached;
  readonly slate: Attached;
}

/** Data between example.com and quarry.com goes through rubble.com, which both of them trust. */
async function scene(
  more: {
    readonly example?: Record<string, MeshPeer>;
    readonly rubble?: Record<string, MeshPeer>;
    readonly quarry?: Record<string, MeshPeer>;
  } = {},
): Promise<Scene> {
  const dns = await nameServer();
  const trusted = { secret, trusted: true };
  const example = await placedHouse(
    dns,
    'example.com',
    { peers: { 'rubble.com': trusted, 'quarry.com': { via: 'rubble.com' }, ...more.example } },
    ['fred'],
  );
  const rubble = await placedHouse(
    dns,
    'rubble.com',
    { peers: { 'example.com': { secret }, 'quarry.com': { secret }, ...more.rubble } },
    ['wilma'],
  );
  const quarry = await placedHouse(
    dns,
    'quarry.com',
    { peers: { 'rubble.com': trusted, 'example.com': { via: 'rubble.com' }, ...more.quarry } },
    ['slate'],
  );
  const fred = await Attached.as(fredAt, example.address.port);
  const slate = await Attached.as(slateAt, quarry.address.port);
  return { example, rubble, quarry, fred, slate };
}

const isReport = ({ name }: Came): boolean => name === 'statusResponse';

describe('data over three relays', () => {
  it('[3340 §5.1] [C11] is traced with targetHop all: each relay reports, whoever is asked last', async () => {
    const { fred, slate } = await scene();
    await fred.send(slateAt, { options: statusRequest(86, 'all') });
    await fred.until(3);
    const told = fred.came.map((came) => `${came.from}: ${reportOf(came)}`);
    expect(told.toSorted()).toEqual([
      'apex=report@example.com: 86 slate@quarry.com 250',
      'apex=report@quarry.com: 86 slate@quarry.com 250',
      'apex=report@rubble.com: 86 slate@quarry.com 250',
    ]);
    await slate.until(1);
  });

  it('[3340 §5 rule 12] [3340 §5 rule 14] is reported by the first relay with targetHop this, by the last one with final', async () => {
    const { fred, slate } = await scene();
    await fred.send(slateAt, { options: statusRequest(1, 'this') + statusRequest(2, 'final') });
    await slate.until(1);
    await fred.until(2);
    expect(fred.came.map((came) => `${came.from} ${reportOf(came)}`).toSorted()).toEqual([
      'apex=report@example.com 1 slate@quarry.com 250',
      'apex=report@quarry.com 2 slate@quarry.com 250',
    ]);
    const options = slate.came[0]?.message.data.options ?? [];
    expect(options.map(({ internal, transID }) => `${internal} ${transID}`)).toContain('statusRequest 2');
    expect(options.filter(({ internal }) => internal === 'statusRequest')).toHaveLength(1);
  });

  it('[3342 §2.1 rule 1] [3342 §4 rule 1] has less time and fewer relays left behind each of them', async () => {
    const { fred, slate } = await scene();
    const hopping =
      "<option internal='dataHopping' targetHop='all' mustUnderstand='true' transID='9'><dataHopping noMoreThan='5' /></option>";
    await fred.send(slateAt, {
      options: dataTiming(86, "noLaterThan='20000' reportErrors='true'") + hopping,
    });
    const came = await slate.until(1);
    const { options } = came.message.data;
    expect(dataTimingOf(options)?.noLaterThan).toBeGreaterThan(0);
    expect(dataTimingOf(options)?.noLaterThan).toBeLessThanOrEqual(20_000);
    expect(dataHoppingOf(options)?.noMoreThan).toBe(3);
  });

  it('[3342 §4 rule 1] ends where no relay is left, and is reported if errors are to be', async () => {
    const { fred, slate } = await scene();
    const hopping =
      "<option internal='dataHopping' targetHop='all' mustUnderstand='true' transID='9'><dataHopping noMoreThan='1' reportErrors='true' /></option>";
    await fred.send(slateAt, { options: hopping });
    const report = await fred.until(1);
    expect(`${report.from} ${reportOf(report)}`).toBe('apex=report@example.com 9 slate@quarry.com 550');
    await fred.send(slateAt, { options: hopping.replace("'1'", "'2'") });
    const next = await fred.until(2);
    expect(`${next.from} ${reportOf(next)}`).toBe('apex=report@rubble.com 9 slate@quarry.com 550');
    expect(slate.came).toEqual([]);
  });

  it('[3342 §2.1 rule 3] that arrives in time is confirmed with a bound for the way back', async () => {
    const { fred } = await scene();
    await fred.send(slateAt, { options: dataTiming(86, "noLaterThan='20000' returnTrip='20000'") });
    const report = await fred.until(1);
    expect(`${report.from} ${reportOf(report)}`).toBe('apex=report@quarry.com 86 slate@quarry.com 250');
    expect(dataTimingOf(report.message.data.options)?.noLaterThan).toBeLessThanOrEqual(20_000);
  });

  it('[3342 §2.1.2] [3342 §2.2.1] that is late on the way is told by the relay that has it: 350, then 550', async () => {
    const { fred, quarry } = await scene();
    await quarry.close();
    await fred.send(slateAt, {
      options: dataTiming(86, "noLaterThan='900' reportAfter='300' reportErrors='true'"),
    });
    await fred.until(1, (came) => isReport(came) && reportOf(came).endsWith(' 550'));
    const told = fred.came.map((came) => `${came.from} ${reportOf(came)}`);
    expect(told).toEqual([
      'apex=report@rubble.com 86 slate@quarry.com 350',
      'apex=report@rubble.com 86 slate@quarry.com 550',
    ]);
  });

  it('[C15] does not go round for ever where relays send it to each other: it ends after 16 of them', async () => {
    const { example, rubble, quarry, slate } = await scene({
      example: { 'nowhere.com': { via: 'rubble.com' } },
      rubble: { 'nowhere.com': { via: 'example.com' }, 'example.com': { secret, trusted: true } },
      quarry: { 'nowhere.com': { via: 'rubble.com' } },
    });
    // Who sends it asks the first relay only, and knows nothing of the loop.
    await slate.send('mr@nowhere.com', { options: statusRequest(1, 'this') });
    await slate.until(1);
    const passed = (): number =>
      [example, rubble, quarry].reduce((sum, { mesh }) => sum + (mesh?.counters.forwarded ?? 0), 0);
    await vi.waitFor(() => expect(passed()).toBe(16));
    await slate.send('mr@nowhere.com', { options: statusRequest(2, 'all') });
    // As many relays tell that they have passed it on, and the last one that it may not.
    await slate.until(1, (came) => isReport(came) && reportOf(came) === '2 mr@nowhere.com 550');
    expect(slate.reports().filter((report) => report === '2 mr@nowhere.com 250').length).toBeLessThanOrEqual(
      16,
    );
    await vi.waitFor(() => expect(example.mesh?.peers().every(({ waiting }) => waiting === 0)).toBe(true));
  });

  it('[C11] is no longer reported on when the one who asked is gone: a report causes no report', async () => {
    const { example, quarry, fred, slate } = await scene();
    slate.answer = () => 'ok';
    await fred.send(slateAt, { options: statusRequest(1, 'all') });
    await fred.until(3);
    await fred.peer.released();
    const told = quarry.counters.reports;
    const before = JSON.stringify(told);
    // What quarry.com reports to fred now finds nobody, and says so to nobody.
    const other = await Attached.as(fredAt, example.address.port);
    await other.send(slateAt, { options: statusRequest(2) });
    await other.peer.released();
    await slate.until(2);
    await vi.waitFor(() => expect(JSON.stringify(told)).not.toBe(before));
    expect(slate.came.map(({ message }) => contentElement(message)?.name)).toEqual(['hello', 'hello']);
  });
});
