import { useCallback, useSyncExternalStore } from 'react';
import type { ConnectionState } from '../events.ts';
import { useApex } from './provider.ts';

/** Whether the client has a session, with the reason when it has none. */
export function useConnection(): ConnectionState {
  const client = useApex();
  const subscribe = useCallback((changed: () => void) => client.listen(changed), [client]);
  const state = (): ConnectionState => client.connection;
  return useSyncExternalStore(subscribe, state, state);
}
