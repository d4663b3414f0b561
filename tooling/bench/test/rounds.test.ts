import { expect, it } from 'vitest';
import { loadGenerator } from '../src/load-generator.ts';
import { measureRounds, type Plan } from '../src/rounds.ts';
import { startServer } from '../src/server.ts';
import type { Subject } from '../src/subject.ts';
import type { Sample } from '../src/table.ts';

const apexd: Subject = {
  name: 'apexd',
  protocol: 'apex',
  domain: 'example.com',
  start: (folder, load) => startServer(folder, load, 'sources'),
};

function plan(more: Partial<Plan>): Plan {
  return {
    cases: {},
    subjects: [apexd],
    rounds: 1,
    seconds: 0.2,
    warmUpSeconds: 0,
    settleSeconds: 0.1,
    calibrated: false,
    generate: loadGenerator('ts'),
    progress: { show() {}, clear() {} },
    signal: new AbortController().signal,
    ...more,
  };
}

it('every round measures every case, and how fast the machine is', { timeout: 60_000 }, async () => {
  const heard: Sample[] = [];
  const cases = {
    tiny: { mode: 'fanout', publishers: 1, subscribers: 2 },
    echo: { mode: 'echo' },
  } as const;
  const outcome = await measureRounds(plan({ cases, rounds: 2, calibrated: true }), (sample) =>
    heard.push(sample),
  );
  expect(outcome.failure).toBeUndefined();
  expect(outcome.samples).toEqual(heard);
  expect(heard.map(({ round, row }) => [round, row.name])).toEqual([
    [1, 'tiny'],
    [1, 'echo'],
    [2, 'tiny'],
    [2, 'echo'],
  ]);
  expect(heard[0]!.row.deliveriesPerSecond).toBeGreaterThan(0);
  expect(heard[0]!.row.lost).toBe(0);
  expect(heard[1]!.row.exchangesPerSecond).toBeGreaterThan(0);
  expect([...outcome.speeds.keys()]).toEqual([1, 2]);
  for (const speed of outcome.speeds.values()) expect(speed).toBeGreaterThan(0);
});

/** A server that answers nothing; what is measured on it comes from the load generator of the test. */
function silent(name: string, protocol: 'apex' | 'xmpp'): Subject {
  return {
    name,
    protocol,
    domain: 'example.com',
    start: async () => ({ port: 1, pid: process.pid, stop: async () => {} }),
  };
}

const tiny = { mode: 'p2p', publishers: 1, subscribers: 1 } as const;

it('servers alternate within a round, and turn round in every other one', async () => {
  const subjects = [silent('apexd', 'apex'), silent('peer', 'xmpp')];
  const generate = { name: 'ts', run: async (_: unknown, { name }: { name: string }) => ({ name }) } as const;
  const { samples } = await measureRounds(
    plan({ cases: { one: tiny, two: tiny }, subjects, generate, rounds: 2 }),
    () => {},
  );
  expect(samples.map(({ round, row, subject }) => `${round} ${row.name} ${subject}`)).toEqual([
    '1 one apexd',
    '1 one peer',
    '1 two apexd',
    '1 two peer',
    '2 one peer',
    '2 one apexd',
    '2 two peer',
    '2 two apexd',
  ]);
});

it('what was measured before an interruption is kept', async () => {
  const interruption = new AbortController();
  const generate = { name: 'ts', run: async (_: unknown, { name }: { name: string }) => ({ name }) } as const;
  const subjects = [silent('apexd', 'apex')];
  const cases = { one: tiny, two: tiny };
  const outcome = await measureRounds(plan({ cases, subjects, generate, signal: interruption.signal }), () =>
    interruption.abort(new Error('interrupted')),
  );
  expect(outcome.samples.map(({ row }) => row.name)).toEqual(['one']);
  expect(outcome.failure?.message).toBe('interrupted');
});

it('what was measured before a failure is kept', async () => {
  const run = async (_: unknown, { name }: { name: string }) => {
    if (name === 'two') throw new Error('the server refused it');
    return { name };
  };
  const subjects = [silent('apexd', 'apex')];
  const cases = { one: tiny, two: tiny };
  const outcome = await measureRounds(plan({ cases, subjects, generate: { name: 'ts', run } }), () => {});
  expect(outcome.samples.map(({ row }) => row.name)).toEqual(['one']);
  expect(outcome.failure?.message).toBe('the server refused it');
});
