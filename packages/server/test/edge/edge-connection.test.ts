import { expect, it } from 'vitest';
import { EdgeConnection } from '../../src/edge/edge-connection.ts';
import { Stage } from '../relay/stage.ts';
import { MemoryPipe } from './pipes.ts';

function connection(pipe: MemoryPipe, silenceMs: number): EdgeConnection {
  return new EdgeConnection({
    relay: new Stage().relay,
    desk: {
      verifier: { verify: async () => false },
      findCredentials: async () => undefined,
      admit: async () => {},
      outcome: () => {},
    },
    pipe: pipe.ownersEnd,
    settings: {
      domains: ['example.com'],
      listen: { host: '127.0.0.1', port: 0 },
      authentication: {
        requireTls: false,
        mechanisms: ['PLAIN'],
        iterations: 4096,
        decoySecret: new Uint8Array(32),
      },
      sessionLimits: {},
    },
    figures: async () => [],
    onEvent: () => {},
    worker: 1,
    silenceMs,
  });
}

it('has an edge begin when it is ready, whatever that has missed before', async () => {
  const [early, late] = [new MemoryPipe(), new MemoryPipe()];
  connection(early, 60_000);
  expect(early.toEdge.batches).toEqual([]);
  early.edgesEnd.send([{ kind: 'ready' }]);
  await early.toEdge.have(1, 'begin');
  const drained = connection(late, 60_000).end(false);
  await late.toEdge.have(1, 'end');
  late.edgesEnd.send([{ kind: 'ready' }]);
  await late.toEdge.have(2, 'end');
  expect(late.toEdge.of('begin')).toEqual([]);
  late.edgesEnd.send([{ kind: 'drained' }]);
  await drained;
});

it('has an edge end that is ready only when the server is being drained', async () => {
  const pipe = new MemoryPipe();
  connection(pipe, 60_000).drain();
  await pipe.toEdge.have(1, 'drain');
  pipe.edgesEnd.send([{ kind: 'ready' }]);
  await pipe.toEdge.have(1, 'end');
  expect(pipe.toEdge.of('begin')).toEqual([]);
});

it('has an edge that is not ready when the certificates are reloaded begin with the new ones', async () => {
  const pipe = new MemoryPipe();
  const edge = connection(pipe, 60_000);
  const credentials = { cert: 'a certificate', key: 'its key' };
  edge.reloadTls(credentials);
  await pipe.toEdge.have(1, 'reload-tls');
  pipe.edgesEnd.send([{ kind: 'ready' }]);
  await pipe.toEdge.have(1, 'begin');
  expect(pipe.toEdge.of('begin')[0]?.settings.tls).toEqual(credentials);
});

it('ends an edge that is stuck, and none that answers', async () => {
  const [stuck, well] = [new MemoryPipe(), new MemoryPipe()];
  well.edgesEnd.open({
    received: (batch) => {
      for (const message of batch) if (message.kind === 'mark') well.edgesEnd.send([message]);
    },
    closed: () => {},
  });
  connection(well, 60);
  const edge = connection(stuck, 120);
  await edge.ended;
  await expect(edge.listening).rejects.toMatchObject({ code: 'edge.ended' });
  expect(stuck.ended).toBe(1);
  await well.toEdge.have(20, 'mark');
  expect(well.ended).toBe(0);
  well.cut();
});
