import { useValue } from './external.ts';
import { Announcer } from './parts/announcer.tsx';
import { SignedInProvider } from './session/react.tsx';
import type { Session } from './session/session.ts';
import { Shell } from './views/shell.tsx';
import { SignIn } from './views/sign-in.tsx';

export function App({ session }: { readonly session: Session }) {
  const state = useValue(session.state);
  return (
    <>
      {state.kind === 'signed-in' ? (
        <SignedInProvider signedIn={state.signedIn}>
          <Shell signOut={() => void session.signOut()} />
        </SignedInProvider>
      ) : (
        <SignIn session={session} />
      )}
      <Announcer />
    </>
  );
}
