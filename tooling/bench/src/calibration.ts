import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { ended, firstMatch } from './child.ts';
import { pinned } from './pinned.ts';

/** What the machine does without any code of this project. */
export interface Calibration {
  /** Rounds of a loop in the processor, per second. */
  readonly loopsPerSecond: number;
  /** Messages of 400 octets that another process sends back as they are, 64 on their way, per second. */
  readonly echoesPerSecond: number;
}

const OCTETS = 400;
const WINDOW = 64;
const LOOPS = 1_000_000;

/** The speed of a machine that has these figures is 1: round numbers, near those of a small one. */
const UNIT: Calibration = { loopsPerSecond: 100_000_000, echoesPerSecond: 100_000 };

/** How fast the machine is, by which figures are divided: the geometric mean of both, in units of `UNIT`. */
export function speedOf({ loopsPerSecond, echoesPerSecond }: Calibration): number {
  return Math.sqrt((loopsPerSecond / UNIT.loopsPerSecond) * (echoesPerSecond / UNIT.echoesPerSecond));
}

export async function calibrate(seconds: number): Promise<Calibration> {
  const loopsPerSecond = loops(seconds / 2);
  return { loopsPerSecond, echoesPerSecond: await echoes(seconds / 2) };
}

/** Whole numbers, memory and a call that cannot be foreseen: what a parser does. */
function loops(seconds: number): number {
  const table = Uint32Array.from({ length: 4096 }, (_, index) => Math.imul(index, 2_654_435_761) >>> 0);
  const until = performance.now() + seconds * 1000;
  const from = performance.now();
  let count = 0;
  let value = 1;
  while (performance.now() < until) {
    for (let index = 0; index < LOOPS; index += 1) {
      value = (Math.imul(value, 31) + table[value & 4095]!) >>> 0;
    }
    count += LOOPS;
    table[value & 4095] = value; // so that nothing of it is left out
  }
  return (1000 * count) / (performance.now() - from);
}

async function echoes(seconds: number): Promise<number> {
  const server = fileURLToPath(new URL('./calibration-server.ts', import.meta.url));
  const [command, ...rest] = pinned(0, [process.execPath, ...process.execArgv, server]);
  const child = spawn(command!, rest, { stdio: ['pipe', 'pipe', 'inherit'] });
  try {
    const [, port] = await firstMatch(child, /^(\d+)$/);
    const socket = connect({ host: '127.0.0.1', port: Number(port), noDelay: true });
    await once(socket, 'connect');
    let octets = 0;
    let pending = 0;
    let failure: Error | undefined;
    socket.on('error', (error) => {
      failure = error;
    });
    const message = Buffer.alloc(OCTETS, 'x');
    socket.on('data', (chunk: Buffer) => {
      octets += chunk.length;
      pending += chunk.length;
      for (; pending >= OCTETS; pending -= OCTETS) socket.write(message);
    });
    const from = performance.now();
    for (let count = 0; count < WINDOW; count += 1) socket.write(message);
    await sleep(seconds * 1000);
    const elapsed = (performance.now() - from) / 1000;
    socket.destroy();
    if (failure !== undefined) throw failure;
    return octets / OCTETS / elapsed;
  } finally {
    await ended(child);
  }
}
