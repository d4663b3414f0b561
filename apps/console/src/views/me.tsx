import type { PresenceEntry } from '@apex/client';
import { usePerson, usePresence, usePublish } from '@apex/client/react';
import { formatPresence, msFromInstant, parseTimestamp } from '@apex/protocol';
import { type FormEvent, useId, useMemo, useState } from 'react';
import { useValue } from '../external.ts';
import { announce } from '../parts/announcer.tsx';
import { Field } from '../parts/field.tsx';
import { FailureNotice, Notice } from '../parts/notice.tsx';
import { PresenceOf } from '../parts/person.tsx';
import { Term } from '../parts/term.tsx';
import { Ticking, useTicking } from '../parts/ticking.tsx';
import { View } from '../parts/view.tsx';
import { draftOf, newTuple, type Problems, updateOf } from '../session/draft.ts';
import { useSignedIn } from '../session/react.tsx';
import { prettyXml } from '../wire/pretty.ts';
import { agoWords } from '../words/times.ts';
import { TupleFields } from './tuple-fields.tsx';

export function MeView() {
  const { self } = useSignedIn();
  const presence = usePresence();
  const entry = presence.kind === 'present' || presence.kind === 'ended' ? presence.entry : undefined;
  return (
    <View
      title="My presence"
      lede={
        <>
          Where {self} can be reached, and until when. Those whom you allow see it at once.{' '}
          <Term>publish</Term>
        </>
      }
    >
      <div className="columns">
        <Now entry={entry} />
        {presence.kind === 'refused' && (
          <FailureNotice error={presence.error} attempt="subscribe">
            <button type="button" onClick={presence.retry}>
              Ask again
            </button>
          </FailureNotice>
        )}
        <Editor entry={entry} />
      </div>
    </View>
  );
}

/** What everybody who may see it sees now. */
function Now({ entry }: { readonly entry: PresenceEntry | undefined }) {
  const { draft } = useSignedIn();
  const { publish, state } = usePublish();
  const person = usePerson(entry);
  const lastMs = entry === undefined ? 0 : msFromInstant(parseTimestamp(entry.lastUpdate));
  const leave = async (): Promise<void> => {
    const availableUntil = new Date().toISOString();
    const outcome = await publish(({ publisherInfo, tuples }) => ({
      publisherInfo,
      tuples: tuples.map((tuple) => ({ ...tuple, availableUntil })),
    }));
    if (outcome.kind === 'published') announce('Published: you are not available');
  };
  return (
    <section className="card" aria-labelledby="now">
      <h2 id="now">Published now</h2>
      {entry === undefined ? (
        <p className="fine">Asking …</p>
      ) : (
        <>
          <PresenceOf entry={entry} />
          <p className="fine">
            Last change <Ticking atMs={lastMs} words={(now) => agoWords(lastMs, now)} />{' '}
            <Term>lastUpdate</Term>
          </p>
          <div className="row">
            {person?.isAvailable === true && (
              <button type="button" onClick={() => void leave()} aria-disabled={state.kind === 'publishing'}>
                I am not available any more
              </button>
            )}
            <button
              type="button"
              className="quiet start"
              onClick={() => draft.set(draftOf(entry, Date.now()))}
            >
              Edit this
            </button>
          </div>
          {state.kind === 'refused' && <FailureNotice error={state.error} attempt="publish" />}
        </>
      )}
    </section>
  );
}

function Editor({ entry }: { readonly entry: PresenceEntry | undefined }) {
  const { self, draft: stored } = useSignedIn();
  const draft = useValue(stored);
  const { publish, state } = usePublish();
  const [shown, setShown] = useState<Problems>(new Map());
  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    const form = event.currentTarget;
    const result = updateOf(draft, Date.now());
    if (result.kind === 'problems') {
      setShown(result.problems);
      announce(`${result.problems.size} fields need another look`);
      requestAnimationFrame(() => form.querySelector<HTMLElement>('[aria-invalid=true]')?.focus());
      return;
    }
    setShown(new Map());
    const outcome = await publish(() => result.update);
    if (outcome.kind === 'published') announce('Published');
  };
  return (
    <section className="card" aria-labelledby="edit">
      <h2 id="edit">Publish something new</h2>
      <form className="stack" onSubmit={(event) => void submit(event)} noValidate>
        {draft.tuples.map((tuple, index) => (
          <TupleFields
            key={tuple.id}
            tuple={tuple}
            number={index + 1}
            problems={shown}
            onChange={(changed) =>
              stored.set({
                ...draft,
                tuples: draft.tuples.map((each) => (each.id === tuple.id ? changed : each)),
              })
            }
            onRemove={
              draft.tuples.length === 1
                ? undefined
                : () => stored.set({ ...draft, tuples: draft.tuples.filter((each) => each.id !== tuple.id) })
            }
          />
        ))}
        <button
          type="button"
          className="quiet start"
          onClick={() => stored.set({ ...draft, tuples: [...draft.tuples, newTuple()] })}
        >
          Add another place
        </button>
        <Field
          label={
            <>
              A page about you <Term>publisherInfo</Term>
            </>
          }
          hint="A URI; may stay empty."
          inputMode="url"
          placeholder="https://example.com/fred"
          value={draft.publisherInfo}
          problem={shown.get('publisherInfo')}
          onChange={(event) => stored.set({ ...draft, publisherInfo: event.target.value })}
        />
        <Preview entry={entry} publisher={self} />
        <div className="row">
          <button type="submit" className="primary" aria-disabled={state.kind === 'publishing'}>
            {state.kind === 'publishing' ? 'Publishing …' : 'Publish'}
          </button>
          {state.kind === 'published' && <span className="done">Published. It is on the server's disk.</span>}
        </div>
        {state.kind === 'refused' && <FailureNotice error={state.error} attempt="publish" />}
      </form>
    </section>
  );
}

/** What the draft looks like to others, as it is typed and as time passes. */
function Preview({
  entry,
  publisher,
}: {
  readonly entry: PresenceEntry | undefined;
  readonly publisher: string;
}) {
  const { draft: stored } = useSignedIn();
  const draft = useValue(stored);
  const id = useId();
  // What is meant in minutes moves on with the clock.
  const minute = useTicking((now) => String(Math.floor(now / 60_000)));
  // biome-ignore lint/correctness/useExhaustiveDependencies: time passes with the minute
  const result = useMemo(() => updateOf(draft, Date.now()), [draft, minute]);
  if (result.kind === 'problems') {
    return (
      <Notice tone="info">
        <p>The preview comes when each place has a URI and a time.</p>
      </Notice>
    );
  }
  const { update } = result;
  const presence = {
    kind: 'presence',
    publisher,
    lastUpdate: entry?.lastUpdate ?? new Date().toISOString(),
    publisherInfo: update.publisherInfo ?? '',
    tuples: update.tuples.map((tuple) => ({ tupleInfo: '', capabilities: [], ...tuple })),
  } as const;
  return (
    <section className="preview" aria-labelledby={id}>
      <h3 id={id}>What others will see</h3>
      <PresenceOf entry={presence} />
      <details>
        <summary>
          As XML <Term>presence</Term>
        </summary>
        <pre className="xml">{prettyXml(formatPresence(presence))}</pre>
      </details>
    </section>
  );
}
