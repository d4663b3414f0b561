import { expect, it } from 'vitest';
import { Finding, must } from '../src/finding.ts';
import { Fuzzer, firstLine } from '../src/fuzzer.ts';
import { latin1, octetsOf } from '../src/octets/octets.ts';
import { Random } from '../src/random.ts';
import type { Target } from '../src/target.ts';

function targetOf(run: Target['run'], words: readonly string[] = ['x']): Target {
  return {
    name: 'planted',
    reads: 'an input with a mistake in it',
    covers: [''],
    words,
    maxOctets: 100,
    work: { base: 1e9, perOctet: 0 },
    briefly: 0,
    run,
  };
}

/** Steps until there is a finding. */
async function search(fuzzer: Fuzzer): Promise<unknown> {
  await fuzzer.begin();
  for (;;) {
    try {
      await fuzzer.step();
    } catch (error) {
      return error;
    }
  }
}

const refusesOdd = targetOf((input) => must(!latin1(input).includes('odd'), 'odd'), ['odd']);

it('a mistake is found, and its input made as small as it can be', async () => {
  const fuzzer = new Fuzzer({
    target: refusesOdd,
    corpus: [octetsOf('nothing is wrong here')],
    random: new Random(1),
  });
  const error = await search(fuzzer);
  expect(error).toBeInstanceOf(Finding);
  expect(latin1(fuzzer.tried)).toContain('odd');
  expect(latin1(await fuzzer.reduce(fuzzer.tried, firstLine(error)))).toBe('odd');
});

it('the same seed tries the same inputs', async () => {
  const tried = async (): Promise<readonly string[]> => {
    const inputs: string[] = [];
    const corpus = [octetsOf('some octets'), octetsOf('<a b="1"/>')];
    const trying = (input: Uint8Array): void => void inputs.push(latin1(input));
    const fuzzer = new Fuzzer({ target: targetOf(() => {}), corpus, random: new Random(7), trying });
    await fuzzer.begin();
    await fuzzer.step();
    return inputs;
  };
  const first = await tried();
  expect(new Set(first).size).toBeGreaterThan(50);
  expect(await tried()).toEqual(first);
});

it('no input is longer than its target allows', async () => {
  let longest = 0;
  const target = targetOf((input) => {
    longest = Math.max(longest, input.length);
  });
  const fuzzer = new Fuzzer({ target, corpus: [new Uint8Array(90)], random: new Random(3) });
  await fuzzer.begin();
  for (let count = 0; count < 10; count += 1) await fuzzer.step();
  expect(longest).toBe(100);
});

it('an input that keeps the processor busy is a finding', async () => {
  const target = targetOf(() => {
    const { user } = process.cpuUsage();
    while (process.cpuUsage().user - user < 600_000) 'busy'.repeat(100_000).split('');
  });
  const fuzzer = new Fuzzer({ target, corpus: [octetsOf('x')], random: new Random(1) });
  await expect(fuzzer.begin()).rejects.toThrow('processor time');
});
