import { expect, it } from 'vitest';
import { connectTcp, listenTcp } from '../../src/transport/tcp.ts';
import type { Transport } from '../../src/transport/transport.ts';
import { type Joined, transportSuite } from './transport-suite.ts';

const host = '127.0.0.1';

async function join(): Promise<Joined> {
  const accepted = Promise.withResolvers<Transport>();
  const listener = await listenTcp({ host, port: 0, onTransport: accepted.resolve });
  const first = await connectTcp({ host, port: listener.port });
  const second = await accepted.promise;
  return {
    first,
    second,
    free: async () => {
      first.abort();
      second.abort();
      await listener.close();
    },
  };
}

transportSuite('tcp', join);

it('refuses to connect where nobody listens', async () => {
  const listener = await listenTcp({ host, port: 0, onTransport: () => {} });
  await listener.close();
  await expect(connectTcp({ host, port: listener.port })).rejects.toMatchObject({ code: 'ECONNREFUSED' });
});

it('gives up when it is told to', async () => {
  const reason = new Error('enough');
  await expect(connectTcp({ host, port: 9, signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  const controller = new AbortController();
  const connecting = connectTcp({ host, port: 9, signal: controller.signal });
  controller.abort(reason);
  await expect(connecting).rejects.toBe(reason);
});

it('refuses to listen twice on one port, and can listen again once it is closed', async () => {
  const first = await listenTcp({ host, port: 0, onTransport: () => {} });
  await expect(listenTcp({ host, port: first.port, onTransport: () => {} })).rejects.toMatchObject({
    code: 'EADDRINUSE',
  });
  await first.close();
  const second = await listenTcp({ host, port: first.port, onTransport: () => {} });
  await second.close();
});
