import { createServer, MemoryStore } from '../src/index.ts';

const server = await createServer({
  domain: 'example.com',
  store: new MemoryStore(), // durable: await openSqliteStore({ dataDir: './data' })
  listen: { host: '127.0.0.1', port: 0 },
  requireTls: false, // loopback
  onEvent: ({ level, name, ...about }) => console.error(level, name, about),
});

// fred lets wilma see his presence.
const { administration } = server;
await administration.addEndpoint('fred@example.com', 'yabba');
await administration.addEndpoint('wilma@example.com', 'dabba');
await administration.setAccess('fred@example.com', 'wilma@example.com', ['core:data', 'presence:subscribe']);

const presence = await administration.showPresence('fred@example.com');
console.log(await administration.listEndpoints(), presence.tuples.length);

await server.close();
