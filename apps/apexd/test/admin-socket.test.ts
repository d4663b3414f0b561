import { connect } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, it } from 'vitest';
import { administering } from '../src/admin/administer.ts';
import type { Progress } from '../src/admin/progress.ts';
import { readConfig } from '../src/config.ts';
import { Home } from './server-app.ts';

const entries = ['fred', 'wilma', 'barney'].map((name) => ({
  endpoint: `${name}@example.com`,
  password: 'pw',
}));

describe('the admin socket', () => {
  it('tells how far a request is before it answers, and answers several on one connection in their order', async () => {
    const home = new Home();
    await home.serve();
    const socket = connect(join(home.dataDir, 'admin.sock'));
    const requests = [
      { op: 'endpoint.import', entries },
      { op: 'presence.show', endpoint: 'nobody@example.com' },
      { op: 'endpoint.list' },
    ];
    socket.write(requests.map((request) => `${JSON.stringify(request)}\n`).join(''));
    const lines: Record<string, unknown>[] = [];
    for await (const line of createInterface({ input: socket })) {
      lines.push(JSON.parse(line));
      if (lines.filter((each) => 'ok' in each).length === requests.length) break;
    }
    socket.destroy();
    const steps = lines.flatMap(({ progress }) => (progress === undefined ? [] : [progress as Progress]));
    expect(steps[0]).toEqual({ step: 'deriving passwords', done: 1, total: 3 });
    expect(new Set(steps.map(({ step }) => step))).toEqual(new Set(['deriving passwords', 'provisioning']));
    // All of it stands before the answer to the request that it is about.
    expect(lines.slice(0, steps.length).every((each) => 'progress' in each)).toBe(true);
    expect(lines.slice(steps.length)).toEqual([
      { ok: true, result: null },
      { ok: false, code: 'endpoint.unknown', message: 'nobody@example.com is not provisioned' },
      { ok: true, result: ['barney@example.com', 'fred@example.com', 'wilma@example.com'] },
    ]);
  });

  it.each([
    ['through the server that runs', true],
    ['on the store when no server runs', false],
  ])('lets a command ask several times, and shows how far it is: %s', async (_, serving) => {
    const home = new Home();
    if (serving) await home.serve();
    const seen: Progress[] = [];
    const found = await administering(readConfig(home.config), async (ask) => {
      await ask({ op: 'endpoint.import', entries }, (progress) => seen.push(progress));
      const refused = ask({ op: 'endpoint.remove', endpoint: 'nobody@example.com' });
      await expect(refused).rejects.toMatchObject({ code: 'endpoint.unknown' });
      return ask({ op: 'endpoint.list' });
    });
    expect(found).toEqual(['barney@example.com', 'fred@example.com', 'wilma@example.com']);
    expect(seen[0]).toEqual({ step: 'deriving passwords', done: 1, total: 3 });
    expect(seen.at(-1)).toMatchObject({ step: 'provisioning', total: 3 });
  });

  it('that closes ends all who wait for it', async () => {
    const home = new Home();
    const server = await home.serve();
    const ended = administering(readConfig(home.config), async (ask) => {
      await ask({ op: 'endpoint.list' });
      server.kill('SIGKILL');
      await server.outcome;
      return Promise.allSettled([ask({ op: 'endpoint.list' }), ask({ op: 'endpoint.list' })]);
    });
    const closed = { status: 'rejected', reason: expect.objectContaining({ code: 'admin.closed' }) };
    expect(await ended).toEqual([closed, closed]);
  });
});
