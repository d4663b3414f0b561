import { parent } from '@apex/protocol';
import { useCallback, useSyncExternalStore } from 'react';
import type { ApexClient } from '../client.ts';
import type { LiveState } from './live-state.ts';
import { useApex } from './provider.ts';
import { LOADING, type SharedOperations } from './shared-operations.ts';

/** Shows one of the shared operations: of the publisher named, or of the client's own endpoint. */
export function useShared<Held extends object, Value>(
  operationsOf: (client: ApexClient) => SharedOperations<Held, Value>,
  named: string | undefined,
): LiveState<Held> {
  const client = useApex();
  const operations = operationsOf(client);
  const publisher = named ?? parent(client.endpoint);
  const subscribe = useCallback(
    (changed: () => void) => operations.subscribe(publisher, changed),
    [operations, publisher],
  );
  const state = (): LiveState<Held> => operations.state(publisher);
  return useSyncExternalStore(subscribe, state, () => LOADING);
}
