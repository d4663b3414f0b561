import { StrictMode } from 'react';
import type { ApexClient, PresenceEntry } from '../../src/index.ts';
import {
  ApexProvider,
  useConnection,
  usePerson,
  usePresence,
  usePublish,
  useWatchers,
} from '../../src/react.ts';

/** What docs/guides/pages.md shows. */
export function Page({ client }: { client: ApexClient }) {
  return (
    <StrictMode>
      <ApexProvider client={client}>
        <Connection />
        <Friend publisher="fred@example.com" />
        <Friend publisher="barney@example.com" />
        <Availability />
        <Audience />
      </ApexProvider>
    </StrictMode>
  );
}

function Friend({ publisher }: { publisher: string }) {
  const presence = usePresence(publisher);
  switch (presence.kind) {
    case 'loading':
      return <p>{publisher}: …</p>;
    case 'present':
      return <Person entry={presence.entry} />;
    case 'refused':
      if (presence.error.replyCode === 537) return <p>{publisher} does not show it to you</p>;
      return (
        <p>
          {presence.error.message}{' '}
          <button type="button" onClick={presence.retry}>
            Try again
          </button>
        </p>
      );
    case 'ended':
      return <p>{publisher} shows it no longer</p>;
  }
}

function Person({ entry }: { entry: PresenceEntry }) {
  const person = usePerson(entry);
  const [mood] = person.capabilities.get('urn:x:mood') ?? [];
  return (
    <p>
      {entry.publisher} is {person.isAvailable ? (mood ?? 'available') : 'away'}
    </p>
  );
}

function Availability() {
  const { publish, state } = usePublish();
  const forAnHour = () => {
    const availableUntil = new Date(Date.now() + 3_600_000).toISOString();
    return publish({ tuples: [{ destination: 'mailto:wilma@example.com', availableUntil }] });
  };
  return (
    <p>
      <button type="button" onClick={forAnHour} disabled={state.kind === 'publishing'}>
        I am available
      </button>
      {state.kind === 'refused' && state.error.message}
    </p>
  );
}

function Audience() {
  const watchers = useWatchers();
  if (watchers.kind !== 'present') return null;
  return <p>seen by {watchers.subscribers.map(({ subscriber }) => subscriber).join(', ') || 'nobody'}</p>;
}

function Connection() {
  const connection = useConnection();
  switch (connection.kind) {
    case 'attached':
      return null;
    case 'reconnecting':
      return <p>offline, attempt {connection.attempt}</p>;
    case 'over':
      return connection.end.kind === 'replaced' ? <p>open in another window</p> : <p>signed out</p>;
  }
}
