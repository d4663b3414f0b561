import { createServer, openSqliteStore } from '../src/index.ts';

/**
 * A program for tests that look at a server from outside of its process: `serving.ts DATA_DIR` serves
 * `example.com` with fred0 to fred7 on a port that it prints, until its standard input ends.
 */
const [dataDir = ''] = process.argv.slice(2);
const store = await openSqliteStore({ dataDir });
const server = await createServer({
  domain: 'example.com',
  store,
  listen: { host: '127.0.0.1', port: 0 },
  requireTls: false,
  iterations: 4096,
});
for (let index = 0; index < 8; index += 1) {
  await server.administration.addEndpoint(`fred${index}@example.com`, 'yabba');
}
process.stdin.resume().once('end', async () => {
  await server.close();
  await store.close();
});
process.stdout.write(`${server.address.port}\n`);
