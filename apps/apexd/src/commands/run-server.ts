import { resolve } from 'node:path';
import { type Config, readConfig } from '../config.ts';
import { DEMO_PORT, demoConfig, demoPasswords, demoText, provisionDemo } from '../demo.ts';
import { AppError } from '../errors.ts';
import { createLog } from '../log.ts';
import { type RunningServer, serve } from '../serve.ts';

export interface ServeOptions {
  readonly config?: string;
  readonly data: string;
  readonly port?: string;
}

/** `apexd serve`: runs until SIGTERM or SIGINT; resolves when it is serving. */
export async function runServer(options: ServeOptions): Promise<void> {
  const running = options.config === undefined ? await runDemo(options) : await runConfigured(options.config);
  let stopping = false;
  const stop = (): void => {
    if (stopping) return;
    stopping = true;
    running.stop().catch((error: unknown) => {
      process.stderr.write(`apexd: ${(error as Error).message}\n`);
      process.exitCode = 1;
    });
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
}

async function runConfigured(path: string): Promise<RunningServer> {
  const config = readConfig(path);
  const running = await serve(config, createLog(config.log.level));
  const { host, port } = running.server.address;
  process.stdout.write(`apexd serves ${config.domain} on ${host}:${port}\n`);
  return running;
}

async function runDemo(options: ServeOptions): Promise<RunningServer> {
  const folder = resolve(options.data);
  const passwords = demoPasswords(folder);
  const running = await serveDemo(folder, options.port);
  await provisionDemo(running.server, passwords);
  const { host, port } = running.server.address;
  process.stdout.write(`${demoText(passwords, host, port)}\n`);
  return running;
}

/** The usual demo port, or one that the system chooses when it is taken and none was asked for. */
async function serveDemo(folder: string, port: string | undefined): Promise<RunningServer> {
  const wanted = port === undefined ? DEMO_PORT : Number(port);
  if (!Number.isInteger(wanted) || wanted < 0 || wanted > 65_535) {
    throw new AppError('usage', `--port ${port}: expected a number from 0 to 65535`, 2);
  }
  const start = (config: Config): Promise<RunningServer> => serve(config, createLog(config.log.level));
  try {
    return await start(demoConfig(folder, wanted));
  } catch (error) {
    if (port !== undefined || (error as { code?: string }).code !== 'listen.in-use') throw error;
    return start(demoConfig(folder, 0));
  }
}
