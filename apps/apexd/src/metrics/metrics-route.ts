import type { ServerResponse } from 'node:http';
import type { FigureSource, Route } from '@apex/server';
import type { Config } from '../config.ts';

/** Who is given figures. */
export type Audience = NonNullable<Config['http']>['metrics'];

/** What a process needs to serve `/metrics`, and what it tells of itself. */
export interface Metrics {
  readonly routes: readonly Route[];
  readonly figures: FigureSource | undefined;
}

/** Nothing is measured where nobody is given it. */
export async function metricsFor(audience: Audience | undefined): Promise<Metrics> {
  if (audience === undefined || audience === 'off') return { routes: [], figures: undefined };
  const { contentType, exposition, processFigures } = await import('./prometheus.ts');
  const text = async (source: FigureSource): Promise<string> => exposition(await source());
  return { routes: [metricsRoute(audience, text, contentType)], figures: processFigures() };
}

function metricsRoute(
  audience: Audience,
  text: (source: FigureSource) => Promise<string>,
  contentType: string,
): Route {
  // However many ask, all processes are asked once at a time.
  let asking: Promise<string> | undefined;
  return {
    path: '/metrics',
    async answer(_, response, { isLocal, figures }) {
      if (audience === 'loopback' && !isLocal) return refuse(response);
      asking ??= text(figures).finally(() => {
        asking = undefined;
      });
      const body = await asking;
      response.writeHead(200, { 'Content-Type': contentType, 'Cache-Control': 'no-store' });
      response.end(body);
    },
  };
}

function refuse(response: ServerResponse): void {
  response.writeHead(403, { 'Content-Type': 'text/plain; charset=utf-8', Connection: 'close' });
  response.end('metrics are for programs on this machine, by a loopback address; see http.metrics\n');
}
