import { mechanismOptions } from './credentials/authentication.ts';
import type { EdgeSettings, FromEdge, ToEdge } from './edge/messages.ts';
import { Outbound, type Pipe } from './edge/pipe.ts';
import { RemoteRelay } from './edge/remote-relay.ts';
import { type FigureSource, joined } from './figures/figure.ts';
import type { Route } from './http/router.ts';
import { ListenError, type Listener, listen } from './listener.ts';
import { profilesOf } from './profiles.ts';
import type { ServerEvent } from './server-event.ts';
import { answers } from './serving.ts';
import type { Tracing } from './tracing.ts';

/** What an edge has of its own; the rest it gets from its owner. */
export interface EdgeOptions {
  /** What it serves over HTTP beside what every server does, if its owner wants HTTP. */
  readonly routes?: readonly Route[] | undefined;
  /** What this process tells of itself, beside what is counted of its sessions. */
  readonly figures?: FigureSource | undefined;
  /** Told of authentications; all else happens in its owner. */
  readonly tracing?: Tracing | undefined;
}

/** How often an edge tells its owner the number of its sessions, when that has changed, in milliseconds. */
const TELL_MS = 1000;

/**
 * Runs an edge: it listens as its owner says, holds the connections, and passes on what they say. Resolves when it
 * has been drained, when its owner is gone, or when it cannot listen; all sessions have ended then.
 */
export function createEdge(pipe: Pipe<ToEdge, FromEdge>, options: EdgeOptions = {}): Promise<void> {
  const ended = Promise.withResolvers<void>();
  const out = new Outbound<FromEdge>((batch) => pipe.send(batch));
  const relay = new RemoteRelay(out);
  let listener: Promise<Listener | undefined> | undefined;
  let isEnding = false;
  const hurry = new AbortController();
  const end = async (atOnce: boolean): Promise<void> => {
    if (atOnce) hurry.abort();
    if (isEnding) return;
    isEnding = true;
    await (await listener)?.close(hurry.signal);
    out.say({ kind: 'drained' });
    out.flush();
    ended.resolve();
  };
  const tellFigures = async (request: number): Promise<void> => {
    const sessions = (await listener)?.figures() ?? [];
    const own = await options.figures?.().catch((error: unknown) => {
      out.say({ kind: 'event', event: { level: 'error', name: 'figures.failed', text: String(error) } });
      return [];
    });
    out.say({ kind: 'figures', request, figures: joined(sessions, own ?? []) });
  };
  pipe.open({
    received(batch) {
      for (const message of batch) {
        switch (message.kind) {
          case 'begin':
            listener = begin(message.settings, options, relay, out);
            void listener.then((started) => {
              if (started === undefined) void end(true);
            });
            break;
          case 'drain':
            void listener?.then((started) => started?.drain());
            break;
          case 'end':
            void end(message.atOnce);
            break;
          case 'reload-tls':
            void listener?.then((started) => started?.reloadTls(message.credentials));
            break;
          case 'tell-figures':
            void tellFigures(message.request);
            break;
          case 'list-sessions':
          case 'release-session':
            void answerAbout(message, listener, out);
            break;
          default:
            relay.take(message);
        }
      }
    },
    closed: () => void end(false),
  });
  out.say({ kind: 'ready' });
  return ended.promise;
}

async function answerAbout(
  message: Extract<ToEdge, { kind: 'list-sessions' | 'release-session' }>,
  listener: Promise<Listener | undefined> | undefined,
  out: Outbound<FromEdge>,
): Promise<void> {
  const sessions = await listener;
  const { request } = message;
  if (message.kind === 'list-sessions') {
    const rows = sessions?.rows(message.after, message.limit) ?? [];
    out.say({ kind: 'session-rows', request, rows });
  } else {
    const isKnown = sessions?.release(message.session, message.text) === true;
    out.say({ kind: 'session-released', request, isKnown });
  }
}

async function begin(
  settings: EdgeSettings,
  { routes, tracing }: EdgeOptions,
  relay: RemoteRelay,
  out: Outbound<FromEdge>,
): Promise<Listener | undefined> {
  const onEvent = (event: ServerEvent): void => out.say({ kind: 'event', event });
  try {
    const listener = await listen({
      listen: settings.listen,
      domains: settings.domains,
      profiles: profilesOf({
        ...(await mechanismOptions(settings.domains, relay.desk, settings.authentication)),
        hasTls: settings.tls !== undefined,
        apex: (options) => relay.profile(options),
        tracing,
        onEvent,
      }),
      limits: settings.sessionLimits,
      tls: settings.tls,
      http: settings.http && { ...settings.http, routes },
      canServe: () => answers(relay.desk),
      figures: relay.figures,
      onEvent,
    });
    tellSessions(listener, out);
    out.say({ kind: 'listening', ...listener.address, http: listener.httpAddress });
    return listener;
  } catch (error) {
    if (!(error instanceof ListenError)) throw error;
    out.say({ kind: 'not-listening', code: error.code, text: error.message });
    return undefined;
  }
}

function tellSessions(listener: Listener, out: Outbound<FromEdge>): void {
  let told = 0;
  const timer = setInterval(() => {
    if (listener.sessions === told) return;
    told = listener.sessions;
    out.say({ kind: 'sessions', count: told });
  }, TELL_MS);
  timer.unref();
}
