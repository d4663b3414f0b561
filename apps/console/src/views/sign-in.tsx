import { ApexError } from '@apex/client';
import { type FormEvent, useEffect, useRef, useState } from 'react';
import { useValue } from '../external.ts';
import { Field } from '../parts/field.tsx';
import { Brand } from '../parts/icon.tsx';
import { FailureNotice, Notice } from '../parts/notice.tsx';
import { ThemeSwitch } from '../parts/theme.tsx';
import type { Session } from '../session/session.ts';
import { endWords } from '../words/end.ts';

export function SignIn({ session }: { readonly session: Session }) {
  const state = useValue(session.state);
  const [endpoint, setEndpoint] = useState(() => ('endpoint' in state ? (state.endpoint ?? '') : ''));
  const [password, setPassword] = useState('');
  const heading = useRef<HTMLHeadingElement>(null);
  const isBusy = state.kind === 'signing-in';
  const isTaken =
    state.kind === 'refused' && state.error instanceof ApexError && state.error.replyCode === 554;

  useEffect(() => {
    document.title = 'Sign in – Apex console';
    heading.current?.focus();
  }, []);

  const signIn = (takesOver: boolean): void => {
    if (!isBusy) void session.signIn({ endpoint, password, takesOver });
  };
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    signIn(false);
  };

  return (
    <div className="sign-in">
      <header>
        <Brand />
        <ThemeSwitch />
      </header>
      <main>
        <h1 ref={heading} tabIndex={-1}>
          Sign in
        </h1>
        <p className="lede">Say until when you can be reached, and see who else can.</p>
        <Protection session={session} />
        {state.kind === 'signed-out' && state.end !== undefined && (
          <Notice tone="warning" isLive>
            <p>{endWords(state.end)}</p>
          </Notice>
        )}
        {state.kind === 'refused' && (
          <FailureNotice error={state.error} attempt="sign-in">
            {isTaken && (
              <button type="button" onClick={() => signIn(true)}>
                Take it over
              </button>
            )}
          </FailureNotice>
        )}
        <form onSubmit={submit}>
          <Field
            label="Endpoint"
            hint="Such as fred@example.com, or fred/desk@example.com for this window alone."
            name="username"
            autoComplete="username"
            autoCapitalize="none"
            spellCheck={false}
            inputMode="email"
            required
            value={endpoint}
            onChange={(event) => setEndpoint(event.target.value)}
          />
          <Field
            label="Password"
            hint="Stays in this window and is forgotten with it."
            type="password"
            name="password"
            autoComplete="current-password"
            required
            value={password}
            onChange={(event) => setPassword(event.target.value)}
          />
          <button type="submit" className="primary" aria-disabled={isBusy}>
            {isBusy ? 'Signing in …' : 'Sign in'}
          </button>
        </form>
      </main>
    </div>
  );
}

/** Over http nothing is protected, and on which way that matters. */
function Protection({ session }: { readonly session: Session }) {
  const { isProtected, isLoopback } = session.place;
  if (isProtected) return null;
  return isLoopback ? (
    <Notice tone="info">
      <p>This page came over http from this machine: the session is not protected, and need not be.</p>
    </Notice>
  ) : (
    <Notice tone="warning">
      <p>
        <strong>This page came over http.</strong> Whoever is on the way can read everything, and change this
        page so that it gives your password away. Open it over https.
      </p>
    </Notice>
  );
}
