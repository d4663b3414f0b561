import { resolve } from 'node:path';
import { type Config, HTTP_PORT, namesOf, readConfig } from '../config.ts';
import { DEMO_PORT, demoConfig, demoPasswords, demoText, provisionDemo } from '../demo.ts';
import { AppError } from '../errors.ts';
import { httpUrl } from '../http-url.ts';
import { createLog } from '../log.ts';
import { reloadConfig } from '../reload.ts';
import { type RunningServer, serve } from '../serve.ts';

export interface ServeOptions {
  readonly config?: string;
  readonly data: string;
  readonly port?: string;
  readonly workers?: string;
}

/** A server, what to tell the person at the terminal, and what SIGHUP does to it. */
interface Started {
  readonly running: RunningServer;
  readonly text: string;
  /** Reads the configuration again. The demo has none, and SIGHUP says that its terminal is gone. */
  readonly reload?: () => void;
}

/** `apexd serve`: runs until SIGTERM or SIGINT, a second of which hurries; resolves when it is serving. */
export async function runServer(options: ServeOptions): Promise<void> {
  const { config, port } = options;
  if (config !== undefined && port !== undefined) {
    throw new AppError('usage', '--port is for the demo; set edge.port in the configuration', 2);
  }
  const workers = workersOf(options);
  const { running, text, reload } = await (config === undefined
    ? startDemo(options, workers)
    : startConfigured(config, workers));
  const { ending } = running;
  ending.ended.catch((error: unknown) => {
    process.stderr.write(`apexd: ${(error as Error).message}\n`);
    process.exitCode = 1;
  });
  const stop = (): void => ending.asked();
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  process.on('SIGHUP', reload ?? stop);
  // Last: whoever reads it may send a signal at once.
  process.stdout.write(text);
}

async function startConfigured(path: string, workers: number): Promise<Started> {
  let config = readConfig(path);
  const log = createLog(config.log.level);
  const running = await serve(config, log, workers);
  const { address, httpAddress, mesh } = running.server;
  const { host, port, tlsPort } = address;
  const { tls, http } = config;
  const serves = `apexd serves ${namesOf(config)} on ${host}`;
  const isProtected = tls !== undefined && http?.trustProxy !== true;
  return {
    running,
    text: [
      `${serves}:${port}\n`,
      tlsPort === undefined ? '' : `${serves}:${tlsPort} (TLS from the first octet)\n`,
      httpAddress === undefined ? '' : `WebSocket at ${httpUrl('ws', httpAddress, isProtected, '/beep')}\n`,
      httpAddress === undefined || http?.console !== true
        ? ''
        : `console at ${httpUrl('http', httpAddress, isProtected, '/')}\n`,
      mesh?.address === undefined
        ? ''
        : `relays of other domains at ${mesh.address.host}:${mesh.address.port}\n`,
    ].join(''),
    reload() {
      config = reloadConfig(path, config, running.server, log);
    },
  };
}

async function startDemo(options: ServeOptions, workers: number): Promise<Started> {
  const folder = resolve(options.data);
  const passwords = demoPasswords(folder);
  const running = await serveDemo(folder, options.port, workers);
  await provisionDemo(running.server, passwords);
  const { address, httpAddress } = running.server;
  const console = httpUrl('http', httpAddress!, false, '/');
  return { running, text: `${demoText(passwords, address.host, address.port, console)}\n` };
}

/**
 * The usual ports, or those that the system chooses when they are taken: that of HTTP first, the other one only when
 * none was asked for.
 */
async function serveDemo(folder: string, port: string | undefined, workers: number): Promise<RunningServer> {
  const wanted = port === undefined ? DEMO_PORT : Number(port);
  if (!Number.isInteger(wanted) || wanted < 0 || wanted > 65_535) {
    throw new AppError('usage', `--port ${port}: expected a number from 0 to 65535`, 2);
  }
  const start = (config: Config): Promise<RunningServer> =>
    serve(config, createLog(config.log.level), workers);
  const choices = wanted === 0 ? [] : [[wanted, HTTP_PORT], ...(port === undefined ? [[wanted, 0]] : [])];
  for (const [edge = 0, http = 0] of choices) {
    try {
      return await start(demoConfig(folder, edge, http));
    } catch (error) {
      if ((error as { code?: string }).code !== 'listen.in-use') throw error;
    }
  }
  return start(demoConfig(folder, port === undefined ? 0 : wanted, 0));
}

/** How many processes hold the connections; 0: this one does. */
function workersOf({ workers }: ServeOptions): number {
  if (workers === undefined) return 0;
  const count = Number(workers);
  if (Number.isInteger(count) && count >= 1 && count <= MOST_WORKERS) return count;
  throw new AppError('usage', `--workers ${workers}: expected a number from 1 to ${MOST_WORKERS}`, 2);
}

const MOST_WORKERS = 64;
