import { rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { AppError } from '../errors.ts';
import { LiveDesk, type LiveServer } from './live-desk.ts';
import { isLive, liveRequestSchema } from './live-requests.ts';
import { perform } from './perform.ts';
import { nowAndThen, type Report } from './progress.ts';
import { type AdminResponse, adminRequestSchema, maximumLineOctets } from './requests.ts';
import { adminSocketPath } from './socket-path.ts';

export interface AdminSocket {
  close(): Promise<void>;
}

/**
 * Answers administration requests on a socket in the data folder, which only its owner may open.
 * The caller holds the lock of that folder, so a socket file found there is a leftover.
 */
export async function listenAdmin(dataDir: string, live: LiveServer): Promise<AdminSocket> {
  const path = adminSocketPath(dataDir);
  rmSync(path, { force: true });
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', (error) => live.log.debug({ event: 'admin.socket', error: error.message }));
    void serve(socket, dataDir, live);
  });
  await listening(server, path);
  // A connection that could not be accepted must not end the process.
  server.on('error', ({ message }) => live.log.debug({ event: 'admin.socket', error: message }));
  return {
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        // What has been answered arrives.
        for (const socket of sockets) socket.destroySoon();
      }),
  };
}

function listening(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (error: Error): void =>
      reject(
        new AppError(
          'admin.listen',
          `cannot open the admin socket ${path}: ${error.message}; check the rights on that folder, and take a shorter path if it is long`,
          1,
          {
            cause: error,
          },
        ),
      );
    server.once('error', fail);
    // Mode 0600 from the moment it is there, also in a folder that others may enter.
    const mask = process.umask(0o177);
    server.listen(path, () => {
      server.off('error', fail);
      resolve();
    });
    process.umask(mask);
  });
}

async function serve(socket: Socket, dataDir: string, live: LiveServer): Promise<void> {
  const desk = new LiveDesk(live);
  let octets = 0;
  socket.on('data', (chunk) => {
    octets += chunk.length;
    if (octets > maximumLineOctets) socket.destroy();
  });
  const write = (document: unknown): boolean => socket.write(`${JSON.stringify(document)}\n`);
  try {
    for await (const line of createInterface({ input: socket, crlfDelay: Number.POSITIVE_INFINITY })) {
      octets = 0;
      write(await respond(line, dataDir, live, desk, (progress) => write({ progress })));
    }
  } catch (error) {
    live.log.warn({ event: 'admin.failed', error: (error as Error).message });
    socket.destroy();
  }
}

async function respond(
  line: string,
  dataDir: string,
  { server, log }: LiveServer,
  desk: LiveDesk,
  report: Report,
): Promise<AdminResponse> {
  try {
    const document: unknown = JSON.parse(line);
    if (isLive(document)) {
      return { ok: true, result: await desk.perform(liveRequestSchema.parse(document), nowAndThen(report)) };
    }
    const request = adminRequestSchema.parse(document);
    const { administration } = server;
    const result = await perform({ administration, dataDir }, request, nowAndThen(report));
    const about = 'endpoint' in request ? request.endpoint : 'owner' in request ? request.owner : undefined;
    log.info({ event: 'admin', op: request.op, endpoint: about });
    return { ok: true, result: result ?? null };
  } catch (error) {
    const { code = 'admin.invalid', message } = error as Error & { code?: string };
    return { ok: false, code, message };
  }
}
