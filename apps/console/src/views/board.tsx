import { type PresenceState, usePresence } from '@apex/client/react';
import { identityOf, isSubaddress } from '@apex/protocol';
import { type FormEvent, useId, useState } from 'react';
import { useValue } from '../external.ts';
import { announce } from '../parts/announcer.tsx';
import { Field } from '../parts/field.tsx';
import { Icon } from '../parts/icon.tsx';
import { FailureNotice, Notice } from '../parts/notice.tsx';
import { PresenceOf } from '../parts/person.tsx';
import { go } from '../parts/route.ts';
import { Term } from '../parts/term.tsx';
import { View } from '../parts/view.tsx';
import { useSignedIn } from '../session/react.tsx';
import { shortName } from '../words/access.ts';

export function BoardView() {
  const { board } = useSignedIn();
  const people = useValue(board.people);
  return (
    <View
      title="Board"
      lede={
        <>
          The people you subscribe to, and until when they can be reached. <Term>subscribe</Term>
        </>
      }
    >
      <AddPerson />
      <section aria-labelledby="people">
        <h2 id="people" className="visually-hidden">
          People
        </h2>
        {people.length === 0 ? (
          <div className="empty">
            <p>Nobody is on your board yet.</p>
            <p>
              Add the endpoint of somebody who allows you to see their presence, such as fred@example.com.
            </p>
          </div>
        ) : (
          <ul className="plain cards">
            {people.map((publisher) => (
              <PersonCard key={publisher} publisher={publisher} />
            ))}
          </ul>
        )}
      </section>
    </View>
  );
}

function AddPerson() {
  const { board } = useSignedIn();
  const [text, setText] = useState('');
  const [problem, setProblem] = useState<string>();
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    const endpoint = identityOf(text.trim());
    if (endpoint === undefined) return setProblem('This is no endpoint, such as fred@example.com.');
    if (isSubaddress(endpoint))
      return setProblem('Presence is of a person: leave out what stands behind the slash.');
    board.add(endpoint);
    announce(`${endpoint} is on your board`);
    setText('');
    setProblem(undefined);
  };
  return (
    <form className="inline-form" onSubmit={submit} noValidate>
      <Field
        label="Add somebody"
        placeholder="fred@example.com"
        inputMode="email"
        autoCapitalize="none"
        autoComplete="off"
        spellCheck={false}
        value={text}
        problem={problem}
        onChange={(event) => setText(event.target.value)}
      />
      <button type="submit" className="primary">
        Subscribe
      </button>
    </form>
  );
}

function PersonCard({ publisher }: { readonly publisher: string }) {
  const { board } = useSignedIn();
  const presence = usePresence(publisher);
  const id = useId();
  return (
    <li>
      <article className="card person" aria-labelledby={id}>
        <header>
          <div>
            <h3 id={id}>{shortName(publisher)}</h3>
            <p className="fine">{publisher}</p>
          </div>
          <button
            type="button"
            className="icon-button"
            aria-label={`Unsubscribe from ${publisher}`}
            title="Unsubscribe"
            onClick={() => {
              board.remove(publisher);
              announce(`${publisher} is no longer on your board`);
              document.querySelector<HTMLElement>('main h1')?.focus();
            }}
          >
            <Icon name="remove" />
          </button>
        </header>
        <PresenceBody presence={presence} publisher={publisher} />
      </article>
    </li>
  );
}

function PresenceBody({
  presence,
  publisher,
}: {
  readonly presence: PresenceState;
  readonly publisher: string;
}) {
  const { recipient } = useSignedIn();
  switch (presence.kind) {
    case 'loading':
      return <p className="fine">Asking …</p>;
    case 'present':
      return (
        <PresenceOf
          entry={presence.entry}
          onMessage={(endpoint) => {
            recipient.set(endpoint);
            go('messages');
          }}
        />
      );
    case 'refused':
      return (
        <FailureNotice error={presence.error} attempt="subscribe">
          <AskAgain publisher={publisher} retry={presence.retry} />
        </FailureNotice>
      );
    case 'ended':
      return (
        <Notice tone="warning">
          <p>
            {presence.end.kind === 'terminated' && presence.end.replyCode === 537 ? (
              <>
                You are no longer allowed to see this presence.{' '}
                <span className="code">537 action not authorized</span>
              </>
            ) : (
              <>
                This subscription is over
                {presence.end.kind === 'terminated' && `: ${presence.end.replyCode} ${presence.end.text}`}.
              </>
            )}
          </p>
          <AskAgain publisher={publisher} retry={presence.retry} />
        </Notice>
      );
  }
}

function AskAgain({ publisher, retry }: { readonly publisher: string; readonly retry: () => void }) {
  return (
    <button type="button" onClick={retry}>
      Ask again<span className="visually-hidden"> for {publisher}</span>
    </button>
  );
}
