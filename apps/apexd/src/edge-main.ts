import { createEdge, type FromEdge, type Pipe, type ToEdge } from '@apex/server';
import { holdYoungGeneration } from './young-generation.ts';

/**
 * The process of one edge: it holds connections for the owner that has started it, until that tells it to end or is
 * gone. Signals that reach the whole group are the owner's business.
 */
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => {});

const pipe: Pipe<ToEdge, FromEdge> = {
  send(batch) {
    if (process.connected) process.send?.(batch, undefined, undefined, () => {});
  },
  open({ received, closed }) {
    process.on('message', received);
    process.once('disconnect', closed);
  },
};
// Without its owner an edge can serve nobody, and keeps the port from the next one.
process.once('disconnect', () => process.exit());

holdYoungGeneration();
await createEdge(pipe);
process.disconnect?.();
