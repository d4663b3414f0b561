import { describe, expect, it } from 'vitest';
import { corpusOf } from '../src/corpus.ts';
import { Fuzzer } from '../src/fuzzer.ts';
import { Random } from '../src/random.ts';
import { targets } from '../src/targets/index.ts';
import { found } from './found.ts';

const seed = Math.floor(Math.random() * 2 ** 32);

describe.each(targets.map((target) => [target.name, target] as const))('%s', (name, target) => {
  const corpus = corpusOf(name);

  it('has kept inputs, none of which is a finding any more', async () => {
    expect(corpus.length).toBeGreaterThan(0);
    for (const { name: file, octets } of corpus) {
      expect(octets.length).toBeLessThanOrEqual(target.maxOctets);
      await found(target, new Fuzzer({ target, corpus: [octets], random: new Random(0) }), file, (fuzzer) =>
        fuzzer.begin(),
      );
    }
  });

  it(`finds nothing in ${target.briefly} inputs near to those`, async () => {
    const inputs = corpus.map(({ octets }) => octets);
    const fuzzer = new Fuzzer({ target, corpus: inputs, random: new Random(seed) });
    await found(target, fuzzer, `seed ${seed}`, async () => {
      await fuzzer.begin();
      while (fuzzer.executions < inputs.length + target.briefly) await fuzzer.step();
    });
  });
});
