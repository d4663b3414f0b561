import { createContext, createElement, type ReactElement, type ReactNode, useContext } from 'react';
import type { ApexClient } from '../client.ts';
import { ApexError } from '../errors.ts';

const ApexContext = createContext<ApexClient | undefined>(undefined);

/** What {@link ApexProvider} takes. */
export interface ApexProviderProps {
  /** Attached; the application makes and closes it. */
  readonly client: ApexClient;
  readonly children?: ReactNode;
}

/** Gives a client to the hooks of all components below it. */
export function ApexProvider({ client, children }: ApexProviderProps): ReactElement {
  return createElement(ApexContext.Provider, { value: client }, children);
}

/** The client of the provider above. @throws ApexError `client.usage` when there is none */
export function useApex(): ApexClient {
  const client = useContext(ApexContext);
  if (client !== undefined) return client;
  throw new ApexError('client.usage', 'no ApexProvider above this component: put one around the page');
}
