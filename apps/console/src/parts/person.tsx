import type { PresenceEntry } from '@apex/client';
import { usePerson } from '@apex/client/react';
import { msFromInstant, parseTimestamp, type Tuple } from '@apex/protocol';
import type { ReactNode } from 'react';
import { destinationWords } from '../words/destination.ts';
import { agoWords, untilWords } from '../words/times.ts';
import { Term } from './term.tsx';
import { Ticking } from './ticking.tsx';

type Entry = Pick<PresenceEntry, 'publisher' | 'publisherInfo' | 'tuples'>;

interface PresenceOfProps {
  readonly entry: Entry;
  /** A way to send a message to an endpoint; without it addresses are shown only. */
  readonly onMessage?: (endpoint: string) => void;
}

/** A presence entry as people read it: whether, until when, and where. */
export function PresenceOf({ entry, onMessage }: PresenceOfProps) {
  const person = usePerson(entry);
  const over = entry.tuples.filter((tuple) => !person.tuples.includes(tuple));
  return (
    <>
      <Availability untilMs={person.availableUntilMs} tuples={entry.tuples} />
      {entry.publisherInfo !== '' && (
        <p className="fine">
          About: <Address uri={entry.publisherInfo} />
        </p>
      )}
      <ul className="plain tuples" aria-label={`Where ${entry.publisher} can be reached`}>
        {[...person.tuples, ...over].map((tuple, index) => (
          <TupleOf
            // biome-ignore lint/suspicious/noArrayIndexKey: an entry is replaced as a whole
            key={index}
            tuple={tuple}
            isOver={over.includes(tuple)}
            isTold={entry.tuples.length === 1 || lapseOf(tuple) === person.availableUntilMs}
            onMessage={onMessage}
          />
        ))}
      </ul>
    </>
  );
}

function Availability({
  untilMs,
  tuples,
}: {
  readonly untilMs: number | undefined;
  readonly tuples: readonly Tuple[];
}) {
  if (untilMs !== undefined) {
    return (
      <p className="availability on">
        <span className="dot on" aria-hidden="true" />
        <span>
          available <Ticking atMs={untilMs} words={(now) => untilWords(untilMs, now)} />
        </span>
      </p>
    );
  }
  const lastMs = Math.max(...tuples.map(lapseOf));
  return (
    <p className="availability">
      <span className="dot off" aria-hidden="true" />
      <span>
        not available since <Ticking atMs={lastMs} words={(now) => agoWords(lastMs, now)} />
      </span>
    </p>
  );
}

interface TupleOfProps {
  readonly tuple: Tuple;
  readonly isOver: boolean;
  /** Whether its time stands above already. */
  readonly isTold: boolean;
  readonly onMessage: ((endpoint: string) => void) | undefined;
}

function TupleOf({ tuple, isOver, isTold, onMessage }: TupleOfProps) {
  const { destination, tupleInfo, capabilities } = tuple;
  const { way, address, href, endpoint } = destinationWords(destination);
  const untilMs = lapseOf(tuple);
  let where: ReactNode = address;
  if (href !== undefined) where = <OutwardLink href={href}>{address}</OutwardLink>;
  return (
    <li className={isOver ? 'tuple over' : 'tuple'}>
      <div className="tuple-line">
        <span>
          <span className="way">{way}</span> {where}
        </span>
        {endpoint !== undefined && !isOver && onMessage !== undefined && (
          <button type="button" className="quiet" onClick={() => onMessage(endpoint)}>
            Write<span className="visually-hidden"> to {endpoint}</span>
          </button>
        )}
      </div>
      {(!isTold || tupleInfo !== '') && (
        <p className="fine">
          {!isTold && isOver && (
            <>
              over since <Ticking atMs={untilMs} words={(now) => agoWords(untilMs, now)} />
            </>
          )}
          {!isTold && !isOver && <Ticking atMs={untilMs} words={(now) => untilWords(untilMs, now)} />}
          {!isTold && tupleInfo !== '' && ' · '}
          {tupleInfo !== '' && <Address uri={tupleInfo} />}
        </p>
      )}
      {capabilities.length > 0 && (
        <dl className="capabilities">
          {capabilities.map(({ baseline, value }, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: an entry is replaced as a whole
            <div key={index}>
              <dt>
                <Term>{baseline}</Term>
              </dt>
              <dd>{value}</dd>
            </div>
          ))}
        </dl>
      )}
    </li>
  );
}

/** A URI that others have written. */
function Address({ uri }: { readonly uri: string }) {
  const { href } = destinationWords(uri);
  return href === undefined ? uri : <OutwardLink href={href}>{uri}</OutwardLink>;
}

function OutwardLink({ href, children }: { readonly href: string; readonly children: ReactNode }) {
  return (
    <a href={href} target="_blank" rel="noopener noreferrer">
      {children}
    </a>
  );
}

function lapseOf({ availableUntil }: Tuple): number {
  return msFromInstant(parseTimestamp(availableUntil));
}
