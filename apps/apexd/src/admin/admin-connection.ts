import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { AppError } from '../errors.ts';
import type { LiveRequest } from './live-requests.ts';
import type { Report } from './progress.ts';
import { type AdminRequest, adminLineSchema } from './requests.ts';

interface Waiting {
  readonly report: Report;
  resolve(result: unknown): void;
  reject(error: AppError): void;
}

/**
 * The command's end of the admin socket. It may ask several times, one after the other or at once; the answers come in
 * the order of the requests.
 */
export class AdminConnection {
  readonly #path: string;
  readonly #socket: Socket;
  readonly #waiting: Waiting[] = [];
  #isClosed = false;

  private constructor(path: string, socket: Socket) {
    this.#path = path;
    this.#socket = socket;
    createInterface({ input: socket, crlfDelay: Number.POSITIVE_INFINITY })
      .on('line', (line) => this.#read(line))
      // The socket closes behind it, which ends those who wait.
      .on('error', () => {});
    socket.once('close', () => this.#closed());
  }

  /** Undefined when no server runs. Rejects with AppError `admin.connect`. */
  static open(path: string): Promise<AdminConnection | undefined> {
    return new Promise((resolve, reject) => {
      const socket = connect(path);
      socket.once('connect', () => resolve(new AdminConnection(path, socket)));
      // Behind the connection an error is followed by a close, which ends those who wait.
      socket.on('error', (error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT' || error.code === 'ECONNREFUSED') return resolve(undefined);
        const message = `cannot reach the server at ${path}: ${error.message}; run as the user that the server runs as`;
        reject(new AppError('admin.connect', message, 1, { cause: error }));
      });
    });
  }

  /** The result. Rejects with AppError: the server's own code and words, or `admin.closed`. */
  ask(request: AdminRequest | LiveRequest, report: Report): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ report, resolve, reject });
      if (this.#isClosed) this.#closed();
      else this.#socket.write(`${JSON.stringify(request)}\n`);
    });
  }

  close(): void {
    this.#socket.destroy();
  }

  #read(line: string): void {
    const answer = adminLineSchema.parse(JSON.parse(line));
    if ('progress' in answer) return this.#waiting[0]?.report(answer.progress);
    const waiting = this.#waiting.shift();
    if (answer.ok) waiting?.resolve(answer.result);
    else waiting?.reject(new AppError(answer.code, answer.message));
  }

  #closed(): void {
    this.#isClosed = true;
    for (const { reject } of this.#waiting.splice(0)) {
      reject(
        new AppError(
          'admin.closed',
          `the server at ${this.#path} closed the connection without an answer; look into its log, and repeat the command`,
        ),
      );
    }
  }
}
