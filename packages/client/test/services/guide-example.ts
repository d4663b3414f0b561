import { createServer, MemoryStore, type ServiceDefinition } from '@apex/server';
import { type ApexClient, connect, textOf } from '../../src/tcp.ts';

/** What docs/guides/services.md shows: both kinds of service, and who asks them. */

const time: ServiceDefinition = {
  name: 'time',
  start:
    ({ send, check }) =>
    async ({ element, originator, recipient }) => {
      // What is no question is not answered: two services could talk for ever.
      if (element?.name !== 'time') return;
      const verdict = await check(recipient, originator, 'time:read');
      const xml = verdict === 'allowed' ? '<now>12:00</now>' : "<refused code='537' />";
      send({ from: recipient, to: originator, xml });
    },
};

async function answerAll(clerk: ApexClient): Promise<void> {
  for await (const received of clerk.incoming) {
    if (textOf(received) !== 'open?') continue;
    await clerk.send(received.originator, { text: 'until 18:00' });
  }
}

export async function serve(): Promise<void> {
  const server = await createServer({
    domain: 'example.com',
    store: new MemoryStore(),
    listen: { host: '127.0.0.1', port: 0 },
    requireTls: false, // loopback
    services: [time],
    accessDefaults: [{ actor: '*@example.com', actions: ['core:data'] }],
  });
  const { administration } = server;
  await administration.addEndpoint('fred@example.com', 'yabba');
  await administration.addEndpoint('desk@example.com', 'dabba');
  await administration.setAccess('apex=time@example.com', 'fred@example.com', ['core:data', 'time:read']);

  const place = { ...server.address, requireTls: false };
  const clerk = await connect({ ...place, endpoint: 'desk@example.com', credentials: { password: 'dabba' } });
  const answering = answerAll(clerk);
  const fred = await connect({ ...place, endpoint: 'fred@example.com', credentials: { password: 'yabba' } });
  await fred.send('apex=time@example.com', { xml: '<time />' });
  await fred.send('desk@example.com', { text: 'open?' });
  let count = 0;
  for await (const received of fred.incoming) {
    console.log(received.originator, textOf(received));
    count += 1;
    if (count === 2) break;
  }
  await fred.close();
  await clerk.close();
  await answering;
  await server.close();
}
