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

// Invariant: what arrives is what was written, though each array is written over as soon as `isEmpty` allows it.
it('is empty only when the system has all that was written', async () => {
  const { first, second, free } = await join();
  const total = 400;
  let arrived = 0;
  const wrong: number[] = [];
  const all = Promise.withResolvers<void>();
  const drained: (() => void)[] = [];
  let sawFull = false;
  first.open({ received: () => {}, drained: () => drained.pop()?.(), closed: () => {} });
  second.open({
    received(octets) {
      for (const octet of octets) {
        if (octet !== Math.floor(arrived / 65_536) % 251) wrong.push(arrived);
        arrived += 1;
      }
      if (arrived === total * 65_536) all.resolve();
    },
    drained: () => {},
    closed: () => {},
  });
  second.pause();
  let kept: Uint8Array[] = [];
  for (let count = 0; count < total; count += 1) {
    const octets = new Uint8Array(65_536).fill(count % 251);
    const goOn = first.write(octets);
    kept.push(octets);
    if (first.isEmpty) {
      for (const written of kept) written.fill(255);
      kept = [];
    } else sawFull = true;
    if (!goOn) {
      second.resume();
      await new Promise<void>((resolve) => drained.push(resolve));
      second.pause();
    }
  }
  second.resume();
  await all.promise;
  expect(wrong).toEqual([]);
  expect(sawFull).toBe(true);
  await free();
});
