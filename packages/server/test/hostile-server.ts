import { createInterface } from 'node:readline';
import { createServer, MemoryStore } from '../src/index.ts';

/**
 * A server in a process of its own, to be attacked: prints its port, and for each line on its standard input
 * what it has in memory, how long it has computed and how many sessions there are. Ends with its input.
 */
const server = await createServer({
  domain: 'example.com',
  store: new MemoryStore(),
  listen: { host: '127.0.0.1', port: 0 },
  requireTls: false,
  iterations: 4096,
});
for (const name of ['fred', 'wilma', 'barney']) {
  await server.administration.addEndpoint(`${name}@example.com`, 'yabba');
}
await server.administration.setAccess('fred@example.com', 'wilma@example.com', [
  'core:data',
  'presence:subscribe',
]);
process.stdout.write(`${server.address.port}\n`);
for await (const _line of createInterface({ input: process.stdin })) {
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  const { user, system } = process.cpuUsage();
  const figures = {
    octets: heapUsed + external,
    computedMs: (user + system) / 1000,
    sessions: server.sessions,
  };
  process.stdout.write(`${JSON.stringify(figures)}\n`);
}
process.exit();
