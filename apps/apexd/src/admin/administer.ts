import { connect } from 'node:net';
import { openAdministration } from '../administration.ts';
import type { Config } from '../config.ts';
import { AppError } from '../errors.ts';
import { perform } from './perform.ts';
import { type AdminRequest, adminResponseSchema } from './requests.ts';
import { adminSocketPath } from './socket-server.ts';

/**
 * Carries out one administration request: through the running server when there is one, else on the
 * store itself, under the lock of the data folder. Throws AppError with the server's own words.
 */
export async function administer(config: Config, request: AdminRequest): Promise<unknown> {
  const answer = await askServer(adminSocketPath(config.dataDir), request);
  if (answer === undefined) return onStore(config, request);
  const response = adminResponseSchema.parse(JSON.parse(answer));
  if (!response.ok) throw new AppError(response.code, response.message);
  return response.result;
}

async function onStore(config: Config, request: AdminRequest): Promise<unknown> {
  await using opened = await openAdministration(config);
  // As over the socket: what is printed is what JSON carries.
  return JSON.parse(JSON.stringify((await perform(opened.administration, request)) ?? null));
}

/** The response line of the running server; undefined when none runs. */
function askServer(path: string, request: AdminRequest): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    socket.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT' || error.code === 'ECONNREFUSED') return resolve(undefined);
      reject(
        new AppError('admin.connect', `cannot reach the server at ${path}: ${error.message}`, 1, {
          cause: error,
        }),
      );
    });
    socket.once('connect', () => socket.write(`${JSON.stringify(request)}\n`));
    let answer = '';
    socket.setEncoding('utf8').on('data', (text: string) => {
      answer += text;
      if (!answer.endsWith('\n')) return;
      socket.destroy();
      resolve(answer);
    });
    socket.once('close', () => {
      reject(new AppError('admin.closed', `the server at ${path} closed the connection without an answer`));
    });
  });
}
