import { type Subscriber, useWatchers, type WatchersState } from '@apex/client/react';
import { isSubaddress, parent } from '@apex/protocol';
import { type FormEvent, useId, useState } from 'react';
import { announce } from '../parts/announcer.tsx';
import { Field } from '../parts/field.tsx';
import { FailureNotice, Notice } from '../parts/notice.tsx';
import { Term } from '../parts/term.tsx';
import { Ticking } from '../parts/ticking.tsx';
import { View } from '../parts/view.tsx';
import { actorFrom, actorsOf } from '../session/access-of.ts';
import { useSignedIn } from '../session/react.tsx';
import { actorWords, applicationOf, shortName } from '../words/access.ts';
import { agoWords, spanWords } from '../words/times.ts';
import { AccessPanel } from './access-panel.tsx';

export function WatchersView() {
  const watchers = useWatchers();
  return (
    <View
      title="Watchers"
      lede={
        <>
          Who subscribes to you now, and what they may do. <Term>watch, access</Term>
        </>
      }
    >
      <section aria-labelledby="present">
        <h2 id="present" className="visually-hidden">
          Who sees you now
        </h2>
        <WatchersBody watchers={watchers} />
      </section>
      <SomebodyElse />
    </View>
  );
}

function WatchersBody({ watchers }: { readonly watchers: WatchersState }) {
  const { self } = useSignedIn();
  switch (watchers.kind) {
    case 'loading':
      return <p className="fine">Asking …</p>;
    case 'refused':
      return (
        <FailureNotice error={watchers.error} attempt="watch">
          <button type="button" onClick={watchers.retry}>
            Ask again
          </button>
        </FailureNotice>
      );
    case 'ended':
      return (
        <Notice tone="warning">
          <p>This watch is over.</p>
          <button type="button" onClick={watchers.retry}>
            Watch again
          </button>
        </Notice>
      );
    case 'present': {
      const people = Object.entries(
        Object.groupBy(watchers.subscribers, ({ subscriber }) => parent(subscriber)),
      ).sort(([one], [other]) => Number(one === self) - Number(other === self));
      if (people.length === 0) {
        return (
          <div className="empty">
            <p>Nobody subscribes to you now.</p>
            <p>Who begins to appears here at once.</p>
          </div>
        );
      }
      return (
        <ul className="plain cards">
          {people.map(([person, applications = []]) => (
            <WatcherCard key={person} person={person} applications={applications} />
          ))}
        </ul>
      );
    }
  }
}

interface WatcherCardProps {
  readonly person: string;
  readonly applications: readonly Subscriber[];
}

function WatcherCard({ person, applications }: WatcherCardProps) {
  const { self, client } = useSignedIn();
  const id = useId();
  const isSelf = person === self;
  return (
    <li>
      <article className="card" aria-labelledby={id}>
        <header>
          <h3 id={id}>{isSelf ? 'You' : shortName(person)}</h3>
          <p className="fine">{person}</p>
        </header>
        <ul className="plain applications" aria-label={`Subscriptions of ${person}`}>
          {applications.map(({ subscriber, durationSeconds, sinceMs }) => (
            <li key={subscriber}>
              <span className="dot on" aria-hidden="true" />
              <span>
                {subscriber === client.endpoint && 'this window, '}
                {subscriber !== client.endpoint &&
                  isSubaddress(subscriber) &&
                  `as ${applicationOf(subscriber)}, `}
                since <Ticking atMs={sinceMs} words={(now) => agoWords(sinceMs, now)} />, for up to{' '}
                {spanWords(durationSeconds * 1000)} <Term>duration={durationSeconds}</Term>
              </span>
            </li>
          ))}
        </ul>
        {isSelf ? (
          <p className="fine">All your applications may do everything for you.</p>
        ) : (
          <AccessPanel who={person} />
        )}
      </article>
    </li>
  );
}

/** Who is not there now, and whole domains. */
function SomebodyElse() {
  const { self } = useSignedIn();
  const [text, setText] = useState('');
  const [problem, setProblem] = useState<string>();
  const [who, setWho] = useState<string>();
  const id = useId();
  const domain = self.slice(self.lastIndexOf('@') + 1);
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    const actor = actorFrom(text);
    if (actor === undefined) {
      return setProblem(
        `This is neither an endpoint, such as wilma@${domain}, nor a wildcard, such as *@${domain}.`,
      );
    }
    if (actorsOf(self).includes(actor)) return setProblem('This is you: you may do everything.');
    setProblem(undefined);
    setWho(actor);
    announce(`What ${actorWords(actor)} may do`);
  };
  return (
    <section className="card" aria-labelledby={id}>
      <h2 id={id}>Somebody else</h2>
      <form className="inline-form" onSubmit={submit} noValidate>
        <Field
          label="Endpoint, or a wildcard"
          hint={
            <>
              *@{domain} stands for everybody of your domain. <Term>actor</Term>
            </>
          }
          inputMode="email"
          autoCapitalize="none"
          autoComplete="off"
          spellCheck={false}
          value={text}
          problem={problem}
          onChange={(event) => setText(event.target.value)}
        />
        <button type="submit">Look up</button>
      </form>
      {who !== undefined && (
        <div className="looked-up">
          <h3>{actorWords(who)}</h3>
          <AccessPanel key={who} who={who} />
        </div>
      )}
    </section>
  );
}
