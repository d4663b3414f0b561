import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { drive } from '@apex/beep';
import { connectTcp } from '@apex/beep/tcp';
import { ended, firstMatch } from './child.ts';
import { ECHO_URI } from './echo-profile.ts';
import { pinned } from './pinned.ts';
import { processorSeconds } from './process-usage.ts';
import type { Row } from './table.ts';
import { quantile } from './tally.ts';

/** Octets of a message, the empty line of its header among them. */
const OCTETS = 400;
/** Exchanges that are on their way at the same time. */
const WINDOW = 64;

export interface EchoMeasurement {
  readonly name: string;
  readonly seconds: number;
  readonly warmUpSeconds: number;
}

/**
 * Exchanges of BEEP alone: messages of 400 octets that come back as they are, 64 on their way on one channel,
 * over TCP between two processes with this project's BEEP. The echoing one is bound to the first processor.
 */
export async function measureEcho({ name, seconds, warmUpSeconds }: EchoMeasurement): Promise<Row> {
  const server = fileURLToPath(new URL('./echo-server.ts', import.meta.url));
  const [command, ...rest] = pinned(0, [process.execPath, ...process.execArgv, server]);
  const child = spawn(command!, rest, { stdio: ['pipe', 'pipe', 'inherit'] });
  try {
    const [, port] = await firstMatch(child, /^(\d+)$/);
    const transport = await connectTcp({ host: '127.0.0.1', port: Number(port) });
    const peer = drive(transport, { role: 'initiator', profiles: [] });
    const { channel } = await peer.startChannel({
      profiles: [{ uri: ECHO_URI }],
      handler: { message() {}, closed() {} },
    });
    const payload = Buffer.from('\r\n'.padEnd(OCTETS, 'x'));
    const latencies: number[] = [];
    let measuring = false;
    let exchanging = true;
    let failure: Error | undefined;
    const exchange = (): void => {
      const sentAt = performance.now();
      channel.send(payload, (reply) => {
        if (reply.kind !== 'RPY' || reply.payload.length !== OCTETS) {
          failure ??= new Error(`the echo is ${reply.kind}`);
          return;
        }
        if (measuring) latencies.push(performance.now() - sentAt);
        if (exchanging) exchange();
      });
    };
    for (let count = 0; count < WINDOW; count += 1) exchange();
    await sleep(warmUpSeconds * 1000);
    const processorBefore = processorSeconds(child.pid!);
    const from = performance.now();
    measuring = true;
    await sleep(seconds * 1000);
    measuring = false;
    const elapsed = (performance.now() - from) / 1000;
    const processorAfter = processorSeconds(child.pid!);
    exchanging = false;
    await peer.released();
    if (failure !== undefined) throw failure;
    const sorted = Float64Array.from(latencies).sort();
    return {
      name,
      exchangesPerSecond: sorted.length / elapsed,
      p50Ms: quantile(sorted, 0.5),
      p99Ms: quantile(sorted, 0.99),
      ...(processorBefore !== undefined &&
        processorAfter !== undefined && {
          serverCpuPercent: (100 * (processorAfter - processorBefore)) / elapsed,
        }),
    };
  } finally {
    await ended(child);
  }
}
