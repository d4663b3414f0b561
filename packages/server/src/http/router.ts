import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';
import type { FigureSource } from '../figures/figure.ts';

/** What a route may know. */
export interface RouteContext {
  /** `host:port` of who asks; behind a proxy that is trusted, of whom the proxy names. */
  readonly remoteAddress: string;
  /** Whether nobody on the way could read along. */
  readonly secured: boolean;
  /** Whether a program on this machine asks: see `isLocal`. */
  readonly isLocal: boolean;
  /** What the whole server counts, also where several processes are one. */
  readonly figures: FigureSource;
}

/** What is served under a path: to GET, and without its body to HEAD. */
export interface Route {
  /** Exactly this path; one that ends with a slash takes all paths below it as well. */
  readonly path: string;
  /** Answers a GET or HEAD. When it throws or rejects, and has not begun to answer, 500 is answered. */
  answer(request: IncomingMessage, response: ServerResponse, context: RouteContext): void | Promise<void>;
}

/** Finds who answers a request: of two routes the one with the longer path does, and of one path the first. */
export class Router {
  readonly #routes: readonly Route[];
  readonly #contextOf: (request: IncomingMessage) => RouteContext;

  constructor(routes: readonly Route[], contextOf: (request: IncomingMessage) => RouteContext) {
    this.#contextOf = contextOf;
    this.#routes = routes.toSorted((one, other) => other.path.length - one.path.length);
  }

  readonly handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const path = pathOf(request);
    const route = this.#routes.find((known) => path === known.path || isBelow(path, known.path));
    if (route === undefined) return answer(response, 404, 'there is nothing here');
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.setHeader('Allow', 'GET, HEAD');
      return answer(response, 405, 'GET only');
    }
    try {
      await route.answer(request, response, this.#contextOf(request));
    } catch {
      if (response.headersSent) response.destroy();
      else answer(response, 500, 'this failed');
    }
  };
}

/** One line of text; nobody keeps it. A connection on which something was refused is closed. */
export function answer(response: ServerResponse, status: number, line: string): void {
  response.writeHead(status, { ...plainText, ...(status < 400 ? {} : { Connection: 'close' }) });
  response.end(`${line}\n`);
}

/** The same as octets, for a connection that has left HTTP behind. */
export function answerOctets(status: number, line: string): string {
  const head = Object.entries({ ...plainText, 'Content-Length': line.length + 1, Connection: 'close' });
  const fields = head.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  return `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${fields}\r\n${line}\n`;
}

const plainText = {
  'Content-Type': 'text/plain; charset=utf-8',
  'X-Content-Type-Options': 'nosniff',
  'Cache-Control': 'no-store',
};

export function pathOf({ url = '/' }: IncomingMessage): string {
  const end = url.search(/[?#]/);
  return end === -1 ? url : url.slice(0, end);
}

function isBelow(path: string, parent: string): boolean {
  return parent.endsWith('/') && path.startsWith(parent);
}
