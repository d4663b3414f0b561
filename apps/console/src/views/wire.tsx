import { memo, type ReactNode, useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react';
import { useValue } from '../external.ts';
import { announce } from '../parts/announcer.tsx';
import { Term } from '../parts/term.tsx';
import { View } from '../parts/view.tsx';
import { useSignedIn } from '../session/react.tsx';
import { MOST_ENTRIES, type WireEntry } from '../wire/wire-log.ts';
import { exactWords } from '../words/times.ts';

type Direction = WireEntry['direction'];

/** Rows that are shown before somebody asks for more. */
const SHOWN = 100;
/** So near the end counts as at the end. */
const NEAR_PIXELS = 48;

export function WireView() {
  const { wire } = useSignedIn();
  const entries = useValue(wire.entries);
  const isPaused = useValue(wire.isPaused);
  const missed = useValue(wire.missed);
  const [channel, setChannel] = useState('');
  const [direction, setDirection] = useState<Direction | ''>('');
  const [withSeq, setWithSeq] = useState(false);
  const [most, setMost] = useState(SHOWN);
  const channels = useMemo(
    () => [...new Set(entries.map((entry) => entry.channel))].sort((a, b) => a - b),
    [entries],
  );
  const chosen = entries.filter(
    (entry) =>
      (channel === '' || entry.channel === Number(channel)) &&
      (direction === '' || entry.direction === direction) &&
      (withSeq || entry.kind !== 'SEQ'),
  );
  const shown = chosen.slice(-most);
  useFollowing(entries);
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(chosen.map(entryText).join('\n'));
      announce(`${chosen.length} frames copied`);
    } catch (error) {
      announce(`Nothing was copied: ${(error as Error).message}`);
    }
  };
  return (
    <View
      title="Wire log"
      lede={
        <>
          The frames between this page and the server, as BEEP has them (RFC 3080 §2.2.1). Passwords, and what
          proves them, are hidden.
        </>
      }
    >
      <div className="card">
        <fieldset className="filters">
          <legend className="visually-hidden">What is shown</legend>
          <div className="field">
            <label htmlFor="wire-channel">Channel</label>
            <select id="wire-channel" value={channel} onChange={(event) => setChannel(event.target.value)}>
              <option value="">all</option>
              {channels.map((number) => (
                <option key={number} value={number}>
                  {number === 0 ? '0, management' : number}
                </option>
              ))}
            </select>
          </div>
          <div className="field">
            <label htmlFor="wire-direction">Direction</label>
            <select
              id="wire-direction"
              value={direction}
              onChange={(event) => setDirection(event.target.value as Direction | '')}
            >
              <option value="">both</option>
              <option value="sent">sent</option>
              <option value="received">received</option>
            </select>
          </div>
          <label className="check">
            <input type="checkbox" checked={withSeq} onChange={(event) => setWithSeq(event.target.checked)} />
            <span>
              Flow control <Term>SEQ</Term>
            </span>
          </label>
        </fieldset>
        <div className="row">
          <button
            type="button"
            aria-pressed={isPaused}
            onClick={() => {
              if (isPaused) wire.resume();
              else wire.pause();
            }}
          >
            Pause
          </button>
          {/* Pages that came over http from elsewhere have no clipboard. */}
          {isSecureContext && (
            <button type="button" onClick={() => void copy()}>
              Copy
            </button>
          )}
          <button type="button" onClick={() => wire.clear()}>
            Clear
          </button>
          <p className="fine">
            {chosen.length} of {entries.length} frames{entries.length === MOST_ENTRIES && ', the newest ones'}
            {isPaused && missed > 0 && `; ${missed} passed since the pause and are not kept`}
          </p>
        </div>
      </div>
      {chosen.length > shown.length && (
        <button type="button" className="quiet start" onClick={() => setMost(most + 10 * SHOWN)}>
          Show {Math.min(chosen.length - shown.length, 10 * SHOWN)} earlier ones
        </button>
      )}
      {shown.length === 0 ? (
        <div className="empty">
          <p>No frame is shown.</p>
        </div>
      ) : (
        <ol className="plain frames" aria-label="Frames, the newest last">
          {shown.map((entry, index) => (
            <FrameItem key={entry.id} entry={entry} isFirst={shown[index - 1]?.session !== entry.session} />
          ))}
        </ol>
      )}
    </View>
  );
}

/** Who has scrolled to the end stays there when more comes; who reads something else is not disturbed. */
function useFollowing(entries: readonly WireEntry[]): void {
  const isAtEnd = useRef(false);
  useEffect(() => {
    const scrolled = (): void => {
      const { scrollHeight, clientHeight } = document.documentElement;
      isAtEnd.current = scrollHeight > clientHeight && scrollY + clientHeight >= scrollHeight - NEAR_PIXELS;
    };
    addEventListener('scroll', scrolled, { passive: true });
    return () => removeEventListener('scroll', scrolled);
  }, []);
  // biome-ignore lint/correctness/useExhaustiveDependencies: whenever there are others
  useLayoutEffect(() => {
    if (isAtEnd.current) scrollTo(0, document.documentElement.scrollHeight);
  }, [entries]);
}

interface FrameItemProps {
  readonly entry: WireEntry;
  /** Of its session. */
  readonly isFirst: boolean;
}

const FrameItem = memo(function FrameItem({ entry, isFirst }: FrameItemProps) {
  const { direction, kind, header, atMs, session } = entry;
  const message = entry.message();
  const line = (
    <>
      <span className="frame-time">{exactWords(atMs)}</span>
      <span className={`arrow ${direction}`}>
        <span aria-hidden="true">{direction === 'sent' ? '→' : '←'}</span>
        <span className="visually-hidden">{direction}</span>
      </span>
      <span className="frame-header mono">{header}</span>
      <span className="frame-summary">
        {message?.summary ?? (kind === 'SEQ' ? 'more may be sent' : 'goes on in a later frame')}
      </span>
    </>
  );
  return (
    <li className={`frame ${kind === 'SEQ' ? 'seq' : ''}`}>
      {isFirst && <p className="session-mark">Session {session}</p>}
      {message === undefined || message.text === '' ? (
        <div className="frame-line">{line}</div>
      ) : (
        <FrameDetails text={message.text}>{line}</FrameDetails>
      )}
    </li>
  );
});

function FrameDetails({ text, children }: { readonly text: string; readonly children: ReactNode }) {
  const [isOpen, setOpen] = useState(false);
  return (
    <details onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary className="frame-line">{children}</summary>
      {isOpen && <pre className="xml">{text}</pre>}
    </details>
  );
}

function entryText(entry: WireEntry): string {
  const arrow = entry.direction === 'sent' ? 'C:' : 'S:';
  const text = entry.message()?.text;
  const lines = [entry.header, ...(text === undefined || text === '' ? [] : [...text.split('\n'), 'END'])];
  return lines.map((line) => `${arrow} ${line}`).join('\n');
}
