import { createServer, MemoryStore, type RelayOption } from '../src/index.ts';

/** Writes down what became of data that asks for it. */
const audit: RelayOption = {
  name: { external: 'http://example.com/options/audit' },
  contexts: ['data'],
  read: (option) => (passage) => ({
    settled: (outcome) =>
      console.log(option.content, passage.originator, passage.recipient, outcome?.replyCode ?? 250),
  }),
};

const server = await createServer({
  domain: 'example.com',
  store: new MemoryStore(),
  listen: { host: '127.0.0.1', port: 0 },
  requireTls: false, // loopback
  options: [audit],
});
await server.close();
