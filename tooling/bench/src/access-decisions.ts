import { createDomain, MemoryStore } from '@apex/server';
import { Bench } from 'tinybench';

/**
 * What a decision of the access service costs (RFC 3341 §3.1) when an endpoint has 10,000 entries: whether
 * an actor may send data to it, as the relay asks for each delivery. The actors are all different, so that
 * no decision is one that was remembered; every kind of pattern is among the entries.
 *
 *     npx -y pnpm@12.21.0 run access-decisions        # in tooling/bench
 */
const OWNER = 'fred@example.com';
const ENTRIES = 10_000;
const ACTORS = 20_000;

const store = new MemoryStore();
const domain = await createDomain({ domain: 'example.com', store });
await store.commit([
  { kind: 'put-endpoint', endpoint: OWNER, createdAt: 0 },
  ...Array.from(
    { length: ENTRIES },
    (_, index) =>
      ({
        kind: 'put-access',
        access: { owner: OWNER, actor: pattern(index), actions: ['core:data'], lastUpdate: index },
      }) as const,
  ),
]);
const actors = Array.from({ length: ACTORS }, (_, index) => actor(index));
let next = 0;
let allowed = 0;

const first = performance.now();
await new Promise<void>((resolve) =>
  domain.relay.access.check(OWNER, actor(0), 'core:data', () => resolve()),
);
const firstMs = performance.now() - first;

const bench = new Bench({ time: 2000, warmupTime: 500 });
bench.add('decision', decide);
await bench.run();
const { result } = bench.tasks[0] ?? {};
if (result?.state !== 'completed') throw new Error(`the benchmark did not complete: ${result?.state}`);
const { latency } = result;
const us = (ms: number): string => (ms * 1000).toFixed(1);
process.stdout.write(
  `${ENTRIES} entries, ${ACTORS} actors: the first ${firstMs.toFixed(1)} ms with reading them, then p50 ${us(latency.p50)} µs, ` +
    `mean ${us(latency.mean)} µs, p99 ${us(latency.p99)} µs a decision; ${allowed > 0 ? 'some' : 'none'} allowed\n`,
);
await domain.close();
await store.close();

function decide(): void {
  next = (next + 1) % ACTORS;
  domain.relay.access.check(OWNER, actors[next] ?? '', 'core:data', (verdict) => {
    if (verdict === 'allowed') allowed += 1;
  });
}

/** Endpoints, wildcards of subaddresses, of locals and of domains, in turn. */
function pattern(index: number): string {
  switch (index % 4) {
    case 0:
      return `user${index}@example.com`;
    case 1:
      return `user${index}/*@example.com`;
    case 2:
      return `*@d${index}.example.net`;
    default:
      return `user${index}@*.example.org`;
  }
}

/** Half of them match an entry. */
function actor(index: number): string {
  const entry = (index * 7) % ENTRIES;
  if (index % 2 === 1) return `nobody${index}@nowhere${index}.example`;
  switch (entry % 4) {
    case 0:
      return `user${entry}@example.com`;
    case 1:
      return `user${entry}/im@example.com`;
    case 2:
      return `somebody${index}@d${entry}.example.net`;
    default:
      return `user${entry}@a.b.example.org`;
  }
}
