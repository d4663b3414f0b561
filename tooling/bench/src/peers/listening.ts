import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { ended } from '../child.ts';
import type { BenchServer } from '../subject.ts';

/** How long a server may take until it listens, in milliseconds. */
const START_MS = 60_000;

/** A port of 127.0.0.1 that nobody uses, for servers that cannot choose one. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** The server that this process is, once it listens. Ends it when that takes too long. */
export async function listening(name: string, child: ChildProcess, port: number): Promise<BenchServer> {
  const latest = performance.now() + START_MS;
  while (!(await answers(port))) {
    if (child.exitCode !== null || child.signalCode !== null)
      throw new Error(`${name} ended before it listened`);
    if (performance.now() > latest) {
      await ended(child);
      throw new Error(`${name} does not listen after ${START_MS / 1000} s`);
    }
    await sleep(100);
  }
  return { port, pid: child.pid!, stop: () => ended(child) };
}

async function answers(port: number): Promise<boolean> {
  const socket = connect({ host: '127.0.0.1', port });
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false; // nobody listens yet
  } finally {
    socket.destroy();
  }
}
