import type { StatusReport } from '@apex/client';
import { identityOf } from '@apex/protocol';
import { type FormEvent, useEffect, useId, useState } from 'react';
import { useValue } from '../external.ts';
import { Field } from '../parts/field.tsx';
import { Term } from '../parts/term.tsx';
import { Ticking } from '../parts/ticking.tsx';
import { View } from '../parts/view.tsx';
import { deliveryWords } from '../session/delivery-words.ts';
import type { Delivery, Message } from '../session/messages.ts';
import { useSignedIn } from '../session/react.tsx';
import { wayOf } from '../session/trace.ts';
import { clockWords } from '../words/times.ts';

export function MessagesView() {
  const { client, self, messages } = useSignedIn();
  const all = useValue(messages.all);
  useEffect(() => {
    if (all.length >= 0) messages.read();
  }, [all, messages]);
  return (
    <View
      title="Messages"
      lede={
        <>
          Short texts to other endpoints, and what became of them. <Term>data, statusRequest</Term>
        </>
      }
    >
      <Compose />
      <section aria-labelledby="stream">
        <h2 id="stream">Sent and received</h2>
        <p className="fine">
          Messages to {client.endpoint} arrive in this window.
          {client.endpoint !== self &&
            ` What is sent to ${self} goes to the application that is attached as that, in another window perhaps.`}{' '}
          They are forgotten when you sign out.
        </p>
        {all.length === 0 ? (
          <div className="empty">
            <p>Nothing yet.</p>
          </div>
        ) : (
          <ol className="plain messages" aria-label="Messages, the newest first">
            {all.toReversed().map((message) => (
              <MessageItem key={message.id} message={message} />
            ))}
          </ol>
        )}
      </section>
    </View>
  );
}

function Compose() {
  const { messages, recipient, board } = useSignedIn();
  const to = useValue(recipient);
  const people = useValue(board.people);
  const [text, setText] = useState('');
  const [isHeld, setHeld] = useState(true);
  const [isTraced, setTraced] = useState(false);
  const [problem, setProblem] = useState<string>();
  const id = useId();
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    const endpoint = identityOf(to.trim());
    if (endpoint === undefined) return setProblem('This is no endpoint, such as fred@example.com.');
    setProblem(undefined);
    if (text.trim() === '') return;
    void messages.send(endpoint, text, { isHeld, isTraced });
    setText('');
  };
  return (
    <section className="card" aria-labelledby={`${id}-title`}>
      <h2 id={`${id}-title`}>Write</h2>
      <form className="stack" onSubmit={submit} noValidate>
        <Field
          label="To"
          placeholder="fred@example.com"
          inputMode="email"
          autoCapitalize="none"
          autoComplete="off"
          spellCheck={false}
          list={`${id}-people`}
          value={to}
          problem={problem}
          onChange={(event) => recipient.set(event.target.value)}
        />
        <datalist id={`${id}-people`}>
          {people.map((person) => (
            <option key={person} value={person} />
          ))}
        </datalist>
        <div className="field">
          <label htmlFor={`${id}-text`}>Text</label>
          <textarea
            id={`${id}-text`}
            rows={2}
            value={text}
            onChange={(event) => setText(event.target.value)}
            onKeyDown={(event) => {
              if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
                event.preventDefault();
                event.currentTarget.form?.requestSubmit();
              }
            }}
          />
          <p className="hint">Ctrl and Enter sends it.</p>
        </div>
        <div className="row spread">
          <div className="checks">
            <label className="check">
              <input type="checkbox" checked={isHeld} onChange={(event) => setHeld(event.target.checked)} />
              <span>
                Keep it for somebody who is not there <Term>hold4Endpoint</Term>
              </span>
            </label>
            <label className="check">
              <input
                type="checkbox"
                checked={isTraced}
                onChange={(event) => setTraced(event.target.checked)}
              />
              <span>
                Show the way that it takes <Term>targetHop=all</Term>
              </span>
            </label>
          </div>
          <button type="submit" className="primary">
            Send
          </button>
        </div>
      </form>
    </section>
  );
}

function MessageItem({ message }: { readonly message: Message }) {
  const isSent = message.kind === 'sent';
  const { atMs, text } = message;
  return (
    <li className={`message ${message.kind}`}>
      <p className="fine">
        <span>
          {isSent ? 'to ' : 'from '}
          <strong>{isSent ? message.to : message.from}</strong>
        </span>
        {' · '}
        <Ticking atMs={atMs} words={(now) => clockWords(atMs, now)} />
      </p>
      {text === undefined ? <p className="fine">(no text)</p> : <p className="body">{text}</p>}
      {message.kind === 'received' && message.contentType !== undefined && <Term>{message.contentType}</Term>}
      {message.kind === 'sent' && <DeliveryStatus delivery={message.delivery} />}
      {message.kind === 'sent' && message.hops.length > 0 && <Way to={message.to} hops={message.hops} />}
    </li>
  );
}

function DeliveryStatus({ delivery }: { readonly delivery: Delivery }) {
  const { tone, words, code, detail } = deliveryWords(delivery);
  return (
    <div className={`delivery ${tone}`} role="status">
      <p>
        {words} {code !== undefined && <span className="code">{code}</span>}
      </p>
      {detail !== undefined && <p className="fine">{detail}</p>}
    </div>
  );
}

/** The way of a message as a picture: each place with the time at which its report was here. */
function Way({ to, hops }: { readonly to: string; readonly hops: readonly StatusReport[] }) {
  const { client } = useSignedIn();
  return (
    <ol className="trace" aria-label={`The way of the message to ${to}`}>
      {wayOf(client.endpoint, to, hops).map(({ name, what, tone, after, problem }) => (
        <li key={`${what} ${name}`} className={`hop ${tone}`}>
          <p className="name">{name}</p>
          <p className="fine">
            {what === 'relay'
              ? `relay, told after ${after}`
              : what === 'you'
                ? 'sent from here'
                : END_WORDS[tone]}
          </p>
          {problem !== undefined && <p className="fine">{problem}</p>}
        </li>
      ))}
    </ol>
  );
}

const END_WORDS = { waiting: 'not told yet', good: 'delivered', bad: 'not delivered' } as const;
