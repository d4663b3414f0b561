import { createInterface } from 'node:readline';
import { createServer, MemoryStore } from '../src/index.ts';

/**
 * A server in a process of its own, to be attacked: prints its port, and for each line on its standard input
 * what it has in memory and how many sessions. Ends with its input.
 */
const server = await createServer({
  domain: 'example.com',
  store: new MemoryStore(),
  listen: { host: '127.0.0.1', port: 0 },
  requireTls: false,
  iterations: 4096,
});
await server.administration.addEndpoint('fred@example.com', 'yabba');
process.stdout.write(`${server.address.port}\n`);
for await (const _line of createInterface({ input: process.stdin })) {
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  process.stdout.write(`${JSON.stringify({ octets: heapUsed + external, sessions: server.sessions })}\n`);
}
process.exit();
