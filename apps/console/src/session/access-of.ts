import { type AccessEntry, type ApexClient, ApexError } from '@apex/client';
import { useConnection } from '@apex/client/react';
import { actorOf, identityOf, isSubaddress, parseActor } from '@apex/protocol';
import { useCallback, useEffect, useRef, useState } from 'react';
import { useSignedIn } from './react.tsx';

/** What somebody may do, and by which entries of hers. */
export interface AccessOf {
  /** By whatever entry; undefined for a wildcard, which is nobody. */
  readonly maySubscribe: boolean | undefined;
  readonly maySend: boolean | undefined;
  /** Those that the presets write (C16), as far as there are any. */
  readonly entries: readonly AccessEntry[];
}

export type AccessState =
  | { readonly kind: 'loading' }
  | { readonly kind: 'present'; readonly access: AccessOf }
  | { readonly kind: 'refused'; readonly error: unknown };

/**
 * The access of somebody to the person who is signed in. Looked up again when this window changes it, when the service
 * tells of a change, which it does to who is attached as the owner, and when the client is back.
 */
export function useAccessOf(who: string): {
  readonly state: AccessState;
  readonly reload: () => Promise<void>;
} {
  const { client } = useSignedIn();
  const [state, setState] = useState<AccessState>({ kind: 'loading' });
  const reload = useCallback(
    async (signal?: AbortSignal): Promise<void> => {
      let next: AccessState;
      try {
        next = { kind: 'present', access: await accessOf(client, who, signal) };
      } catch (error) {
        next = { kind: 'refused', error };
      }
      if (signal?.aborted !== true) setState(next);
    },
    [client, who],
  );
  useEffect(() => {
    const stop = new AbortController();
    setState({ kind: 'loading' });
    void reload(stop.signal);
    return () => stop.abort();
  }, [reload]);
  const { kind } = useConnection();
  const wasAttached = useRef(true);
  useEffect(() => {
    const isAttached = kind === 'attached';
    const isBack = isAttached && !wasAttached.current;
    wasAttached.current = isAttached;
    if (!isAttached) return;
    const stop = new AbortController();
    if (isBack) void reload(stop.signal);
    void follow(client, who, () => reload(stop.signal), stop.signal);
    return () => stop.abort();
  }, [kind, client, who, reload]);
  return { state, reload: useCallback(() => reload(), [reload]) };
}

/** Calls back when an entry of somebody has changed, until the session ends. */
async function follow(
  client: ApexClient,
  who: string,
  changed: () => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const actors = actorsOf(who);
  try {
    for await (const { actor } of client.access.changes({ signal })) {
      if (actors.includes(actor)) await changed();
    }
  } catch (error) {
    // The session ended; the next one begins with a look at all.
    if (!(error instanceof ApexError)) throw error;
  }
}

async function accessOf(client: ApexClient, who: string, signal: AbortSignal | undefined): Promise<AccessOf> {
  const options = signal === undefined ? {} : { signal };
  const { access } = client;
  const [maySubscribe, maySend, ...entries] = await Promise.all([
    isSomebody(who) ? access.query(who, ['presence:subscribe'], options) : undefined,
    isSomebody(who) ? access.query(who, ['core:data'], options) : undefined,
    ...actorsOf(who).map((actor) => access.get(actor, options)),
  ]);
  return { maySubscribe, maySend, entries: entries.filter((entry) => entry !== undefined) };
}

function isSomebody(who: string): boolean {
  return parseActor(who).local.kind === 'literal' && identityOf(who) === who;
}

/** The actors whose entries `allow` and its like write for somebody (C16). */
export function actorsOf(who: string): readonly string[] {
  const isPerson = isSomebody(who) && !isSubaddress(who);
  return isPerson ? [who, who.replace(/@(?=[^@]*$)/, '/*@')] : [who];
}

/** The actor that a person has typed; undefined when it is none. */
export function actorFrom(text: string): string | undefined {
  return actorOf(text.trim());
}
