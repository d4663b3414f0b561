import { personOf } from '@apex/client';
import { useConnection, usePresence, useWatchers } from '@apex/client/react';
import { useEffect, useRef } from 'react';
import { useValue } from '../external.ts';
import { announce } from '../parts/announcer.tsx';
import { Brand, Icon } from '../parts/icon.tsx';
import { Mishap } from '../parts/mishap.tsx';
import { useRoute, type ViewName, views } from '../parts/route.ts';
import { ThemeSwitch } from '../parts/theme.tsx';
import { Ticking } from '../parts/ticking.tsx';
import { useSignedIn } from '../session/react.tsx';
import { spanWords, untilWords } from '../words/times.ts';
import { BoardView } from './board.tsx';
import { MeView } from './me.tsx';
import { MessagesView } from './messages.tsx';
import { WatchersView } from './watchers.tsx';
import { WireView } from './wire.tsx';

const shortTitles: Readonly<Record<ViewName, string>> = {
  board: 'Board',
  me: 'Me',
  watchers: 'Watchers',
  messages: 'Messages',
  wire: 'Wire',
};

/** What stands around the views, and what goes on whichever of them is shown. */
export function Shell({ signOut }: { readonly signOut: () => void }) {
  const route = useRoute();
  const { board, messages } = useSignedIn();
  const people = useValue(board.people);
  useReceiving();
  return (
    <>
      <button
        type="button"
        className="skip"
        onClick={() => document.querySelector<HTMLElement>('main h1')?.focus()}
      >
        Skip to the content
      </button>
      <div className="shell">
        <div className="rail">
          <header className="bar">
            <Brand />
            <Who />
            <ThemeSwitch />
            <button
              type="button"
              className="icon-button"
              aria-label="Sign out"
              title="Sign out"
              onClick={() => {
                signOut();
                announce('Signed out');
              }}
            >
              <Icon name="leave" />
            </button>
          </header>
          <nav className="nav" aria-label="Views">
            <ul className="plain">
              {views.map(({ name, title }) => (
                <li key={name}>
                  <a href={`#${name}`} aria-current={name === route ? 'page' : undefined}>
                    <Icon name={name} />
                    <span className="long">{title}</span>
                    <span className="short">{shortTitles[name]}</span>
                    {name === 'messages' && <Unread messages={messages} />}
                  </a>
                </li>
              ))}
            </ul>
          </nav>
        </div>
        <main>
          <Mishap key={route}>
            {route === 'board' && <BoardView />}
            {route === 'me' && <MeView />}
            {route === 'watchers' && <WatchersView />}
            {route === 'messages' && <MessagesView />}
            {route === 'wire' && <WireView />}
          </Mishap>
        </main>
      </div>
      {people.map((publisher) => (
        <Followed key={publisher} publisher={publisher} />
      ))}
      <Watched />
    </>
  );
}

function Who() {
  const { client } = useSignedIn();
  const connection = useConnection();
  const isAttached = connection.kind === 'attached';
  const wasAttached = useRef(isAttached);
  useEffect(() => {
    if (isAttached !== wasAttached.current) {
      announce(
        isAttached ? 'Connected again' : 'The connection is lost; this page is trying to connect again',
      );
    }
    wasAttached.current = isAttached;
  }, [isAttached]);
  return (
    <div className="who">
      <span className="endpoint">{client.endpoint}</span>
      <span className="connection" data-testid="connection">
        <span className={`dot ${isAttached ? 'on' : 'wait'}`} aria-hidden="true" />
        {connection.kind === 'attached' && 'attached'}
        {connection.kind === 'reconnecting' && (
          <span>
            no connection,{' '}
            <Ticking
              atMs={connection.retryAtMs}
              words={(now) =>
                connection.retryAtMs > now
                  ? `next attempt in ${spanWords(connection.retryAtMs - now)}`
                  : `attempt ${connection.attempt} …`
              }
            />
          </span>
        )}
        {connection.kind === 'over' && 'detached'}
      </span>
    </div>
  );
}

function Unread({ messages }: Pick<ReturnType<typeof useSignedIn>, 'messages'>) {
  const unread = useValue(messages.unread);
  if (unread === 0) return null;
  return (
    <span className="badge">
      {unread}
      <span className="visually-hidden"> unread</span>
    </span>
  );
}

/** Messages are taken whichever view is shown. */
function useReceiving(): void {
  const { messages } = useSignedIn();
  useEffect(() => {
    const stop = new AbortController();
    void messages.receive((from) => announce(`Message from ${from}`), stop.signal);
    return () => stop.abort();
  }, [messages]);
}

/** Keeps the subscription while another view is shown, and tells of changes to who does not look. */
function Followed({ publisher }: { readonly publisher: string }) {
  const presence = usePresence(publisher);
  const entry = presence.kind === 'present' ? presence.entry : undefined;
  const last = useRef<string>(undefined);
  useEffect(() => {
    if (entry === undefined) return;
    const isChange = last.current !== undefined && last.current !== entry.lastUpdate;
    last.current = entry.lastUpdate;
    if (!isChange) return;
    const now = Date.now();
    const { availableUntilMs } = personOf(entry, now);
    announce(
      availableUntilMs === undefined
        ? `${publisher} is not available`
        : `${publisher} is available ${untilWords(availableUntilMs, now)}`,
    );
  }, [entry, publisher]);
  return null;
}

/** Keeps the watch, likewise. */
function Watched() {
  const { self, client } = useSignedIn();
  const watchers = useWatchers();
  const subscribers = watchers.kind === 'present' ? watchers.subscribers : undefined;
  const last = useRef<ReadonlySet<string>>(undefined);
  useEffect(() => {
    if (subscribers === undefined) return;
    const names = new Set(subscribers.map(({ subscriber }) => subscriber));
    const before = last.current;
    last.current = names;
    if (before === undefined) return;
    for (const name of names) {
      if (!before.has(name) && name !== client.endpoint && name !== self) announce(`${name} sees you now`);
    }
  }, [subscribers, self, client]);
  return null;
}
