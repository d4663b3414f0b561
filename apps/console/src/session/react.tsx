import { ApexProvider } from '@apex/client/react';
import { createContext, type ReactNode, useContext } from 'react';
import type { SignedIn } from './session.ts';

const SignedInContext = createContext<SignedIn | undefined>(undefined);

interface SignedInProviderProps {
  readonly signedIn: SignedIn;
  readonly children: ReactNode;
}

/** Gives who is signed in to all below it, and the client to the hooks of `@apex/client/react`. */
export function SignedInProvider({ signedIn, children }: SignedInProviderProps) {
  return (
    <SignedInContext.Provider value={signedIn}>
      <ApexProvider client={signedIn.client}>{children}</ApexProvider>
    </SignedInContext.Provider>
  );
}

export function useSignedIn(): SignedIn {
  const signedIn = useContext(SignedInContext);
  if (signedIn === undefined) throw new Error('this component is for those who have signed in');
  return signedIn;
}
