import { createEdge, type FromEdge, type Pipe, type ToEdge } from '@apex/server';
import { consoleRoutes, WITH_CONSOLE } from './console-route.ts';
import { returnMemoryAtRest } from './memory-at-rest.ts';
import { type Audience, metricsFor } from './metrics/metrics-route.ts';
import { openTelemetry } from './open-telemetry.ts';
import { holdYoungGeneration } from './young-generation.ts';

/**
 * The process of one edge: it holds connections for the owner that has started it, until that tells it to end or is
 * gone. Signals that reach the whole group are the owner's business. Its arguments say who is given
 * figures, and whether it serves the console.
 */
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => {});

let left: Promise<void> = Promise.resolve();
const pipe: Pipe<ToEdge, FromEdge> = {
  send(batch) {
    if (!process.connected) return;
    left = new Promise((resolve) => {
      // An error says that the owner is gone, and so does the end of the connection.
      process.send?.(batch, undefined, undefined, () => resolve());
    });
  },
  open({ received, closed }) {
    process.on('message', received);
    process.once('disconnect', closed);
  },
};
// Without its owner an edge can serve nobody, and keeps the port from the next one.
process.once('disconnect', () => process.exit());

holdYoungGeneration();
returnMemoryAtRest();
const metrics = await metricsFor(process.argv[2] as Audience);
const routes = [...metrics.routes, ...consoleRoutes(process.argv[3] === WITH_CONSOLE)];
await createEdge(pipe, { ...metrics, routes, tracing: openTelemetry() });
// The owner learns why, before the process is gone.
await left;
process.disconnect?.();
