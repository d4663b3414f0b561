import type { ApexServer } from '@apex/server';
import type { Logger } from 'pino';
import type { Ending } from '../ending.ts';
import type { ListPage, LiveRequest } from './live-requests.ts';
import type { Report } from './progress.ts';

/** A server that serves, as its administrators reach it. */
export interface LiveServer {
  readonly server: Pick<ApexServer, 'administration' | 'oversight' | 'mesh'>;
  readonly ending: Ending;
  readonly log: Logger;
}

/** A page ends with the row that makes it as long as this; a row is a session with all its endpoints at most. */
const PAGE_CHARACTERS = 256 * 1024;
const PAGE_ROWS = 500;

/** Carries out what one connection asks of the running server. Each change is an event of the log. */
export class LiveDesk {
  readonly #live: LiveServer;
  #list: AsyncIterator<unknown> | Iterator<unknown> | undefined;

  constructor(live: LiveServer) {
    this.#live = live;
  }

  async perform(request: LiveRequest, report: Report): Promise<unknown> {
    const { oversight } = this.#live.server;
    switch (request.op) {
      case 'session.list':
        return this.#begin(oversight.sessions());
      case 'attachment.list':
        return this.#begin(oversight.attachments(request.endpoint));
      case 'operation.list':
        return this.#begin(oversight.operations(request.endpoint));
      case 'mesh.list':
        return this.#begin((this.#live.server.mesh?.peers() ?? [])[Symbol.iterator]());
      case 'list.more':
        return this.#page();
      case 'session.end':
        await oversight.endSession(request.session, request);
        break;
      case 'attachment.end':
        oversight.detach(request.endpoint, request);
        break;
      case 'operation.end':
        await oversight.endOperation(request.endpoint, request, request);
        break;
      case 'server.drain':
        this.#tell(request);
        return this.#drain(request.graceSeconds, report);
      case 'server.log-level':
        this.#setLevel(request);
        return null;
    }
    this.#tell(request);
    return null;
  }

  #begin(list: AsyncIterator<unknown> | Iterator<unknown>): Promise<ListPage> {
    this.#list = list;
    return this.#page();
  }

  async #page(): Promise<ListPage> {
    const rows: unknown[] = [];
    let characters = 0;
    while (this.#list !== undefined && rows.length < PAGE_ROWS && characters < PAGE_CHARACTERS) {
      const next = await this.#list.next();
      if (next.done === true) this.#list = undefined;
      else {
        rows.push(next.value);
        characters += JSON.stringify(next.value).length;
      }
    }
    return { rows, more: this.#list !== undefined };
  }

  async #drain(graceSeconds: number | undefined, report: Report): Promise<unknown> {
    const graceMs = graceSeconds === undefined ? undefined : graceSeconds * 1000;
    let most = 0;
    const drained = await this.#live.ending.drain(({ attached }) => {
      most = Math.max(most, attached);
      report({ step: 'draining: left of those who were attached', done: most - attached, total: most });
    }, graceMs);
    return { ...drained, pid: process.pid };
  }

  /** Told at whichever of the two levels tells more. */
  #setLevel(request: Extract<LiveRequest, { op: 'server.log-level' }>): void {
    const { log } = this.#live;
    const before = log.level;
    log.level = request.level;
    if (!log.isLevelEnabled('info')) log.level = before;
    this.#tell(request);
    log.level = request.level;
  }

  /** `level` is the member of pino, so that of a request is told as `to`. */
  #tell({ op, ...about }: LiveRequest): void {
    if ('level' in about) this.#live.log.info({ event: 'admin', op, to: about.level });
    else this.#live.log.info({ event: 'admin', op, ...about });
  }
}
