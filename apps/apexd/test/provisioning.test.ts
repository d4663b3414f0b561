import { describe, expect, it } from 'vitest';
import { Home, type Outcome } from './server-app.ts';

const done = { code: 0, signal: null, stdout: '', stderr: '' };

function failed(line: RegExp): object {
  return { code: 1, signal: null, stdout: '', stderr: expect.stringMatching(line) };
}

function json(outcome: Outcome): unknown[] {
  expect(outcome).toMatchObject({ code: 0, stderr: '' });
  return outcome.stdout
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line));
}

describe.each([
  { way: 'through the server that runs', serving: true },
  { way: 'on the store when no server runs', serving: false },
])('commands $way', ({ serving }) => {
  async function house(): Promise<Home> {
    const home = new Home();
    if (serving) await home.serve();
    return home;
  }

  it('add, list and remove endpoints, and change their passwords', async () => {
    const home = await house();
    expect(await home.run('endpoint add fred@example.com', 'yabba\n')).toEqual(done);
    expect(await home.run('endpoint add Wilma@EXAMPLE.com', 'dabba\n')).toEqual(done);
    expect(await home.run('endpoint list')).toEqual({
      ...done,
      stdout: 'Wilma@example.com\nfred@example.com\n',
    });
    expect(await home.run('endpoint passwd fred@example.com', 'doo\n')).toEqual(done);
    expect(await home.run('endpoint remove Wilma@example.com')).toEqual(done);
    expect(json(await home.run('endpoint list --json'))).toEqual([{ endpoint: 'fred@example.com' }]);
  });

  it('import endpoints, and give those that exist their new password', async () => {
    const home = await house();
    const lines = '\ufefffred@example.com,yabba\r\n\n wilma@example.com,a,b\n';
    const imported = { ...done, stdout: 'imported 2 endpoints\n' };
    expect(await home.run('endpoint import', lines)).toEqual(imported);
    expect(await home.run('endpoint import', lines)).toEqual(imported);
    expect(await home.run('endpoint list')).toEqual({
      ...done,
      stdout: 'fred@example.com\nwilma@example.com\n',
    });
  });

  it('say in one line what cannot be done, and change nothing', async () => {
    const home = await house();
    const add = (endpoint: string): Promise<Outcome> => home.run(`endpoint add ${endpoint}`, 'yabba\n');
    await add('fred@example.com');
    expect(await add('fred@example.com')).toEqual(failed(/^apexd: fred@example\.com .*\n$/));
    expect(await add('fred')).toEqual(failed(/^apexd: not an endpoint, local@domain: "fred"\n$/));
    expect(await add('fred/desk@example.com')).toEqual(failed(/^apexd: .*subaddress.*\n$/));
    expect(await add('apex=presence@example.com')).toEqual(failed(/^apexd: .*services; .*\n$/));
    expect(await add('barney@rubble.com')).toEqual(failed(/^apexd: .*not in the domain example\.com; .*\n$/));
    for (const words of [
      'endpoint remove nobody@example.com',
      'access list --owner nobody@example.com',
      'presence show nobody@example.com',
    ]) {
      expect(await home.run(words)).toEqual(
        failed(/^apexd: nobody@example\.com is not provisioned; apexd endpoint list .*\n$/),
      );
    }
    expect(await home.run('endpoint list')).toEqual({ ...done, stdout: 'fred@example.com\n' });
  });

  it('import nothing at all when one line names no endpoint of the domain', async () => {
    const home = await house();
    const lines = 'fred@example.com,yabba\nbarney@rubble.com,dabba\nwilma@example.com,doo\n';
    expect(await home.run('endpoint import', lines)).toEqual(failed(/^apexd: barney@rubble\.com .*\n$/));
    expect(await home.run('endpoint list')).toEqual(done);
  });

  it('[C8] set, list and remove access entries', async () => {
    const home = await house();
    await home.run('endpoint import', 'fred@example.com,yabba\nwilma@example.com,dabba\n');
    const entry = '--owner fred@example.com --actor wilma@example.com';
    const set = [
      ...`access set ${entry} --config ${home.config} --actions`.split(' '),
      'core:data  presence:subscribe',
    ];
    expect(await home.spawn(set, '').outcome).toEqual(done);
    const own = { owner: 'fred@example.com', actor: 'fred/*@example.com', actions: ['all:all'] };
    expect(json(await home.run('access list --owner fred@example.com --json'))).toEqual([
      { ...own, lastUpdate: expect.any(String) },
      {
        owner: 'fred@example.com',
        actor: 'wilma@example.com',
        actions: ['core:data', 'presence:subscribe'],
        lastUpdate: expect.stringMatching(/^\d{4}-.*Z$/),
      },
    ]);
    expect(await home.run(`access remove ${entry}`)).toEqual(done);
    expect(await home.run(`access remove ${entry}`)).toEqual(failed(/^apexd: .*\n$/));
    expect((await home.run('access list --owner fred@example.com')).stdout).toMatch(
      /^fred@example\.com {2}fred\/\*@example\.com {2}all:all {2}\S+Z\n$/,
    );
    expect(await home.run(`access set ${entry} --actions nonsense`)).toEqual(failed(/"nonsense"\n$/));
    expect(await home.run('access set --owner fred@example.com --actor * --actions core:data')).toEqual(
      failed(/^apexd: not an actor.*\n$/),
    );
  });

  it('[P2] show the presence entry that an endpoint has from the start', async () => {
    const home = await house();
    await home.run('endpoint add fred@example.com', 'yabba\n');
    const [entry] = json(await home.run('presence show fred@example.com --json'));
    const { lastUpdate } = entry as { lastUpdate: string };
    expect(entry).toEqual({
      publisher: 'fred@example.com',
      lastUpdate,
      publisherInfo: '',
      tuples: [
        { destination: 'apex:fred@example.com', availableUntil: lastUpdate, tupleInfo: '', capabilities: [] },
      ],
      operations: [],
    });
    expect((await home.run('presence show fred@example.com')).stdout).toBe(
      `fred@example.com  last update ${lastUpdate}\n  apex:fred@example.com  available until ${lastUpdate}\n`,
    );
  });
});

it('what a command did without a server is there when it runs, and the other way round', async () => {
  const home = new Home({
    access: { defaults: [{ actor: '*@example.com', actions: 'presence:subscribe' }] },
  });
  await home.run('endpoint add fred@example.com', 'yabba\n');
  const server = await home.serve();
  expect((await home.run('endpoint list')).stdout).toBe('fred@example.com\n');
  await home.run('endpoint add wilma@example.com', 'dabba\n');
  expect((await server.stop()).code).toBe(0);
  expect((await home.run('endpoint list')).stdout).toBe('fred@example.com\nwilma@example.com\n');
  expect((await home.run('access list --owner wilma@example.com')).stdout).toMatch(
    /^wilma@example\.com {2}\*@example\.com {2}presence:subscribe /m,
  );
});
