import { parent } from '@apex/protocol';
import type { AccessPolicy, AccessVerdict } from '../relay/ports.ts';
import type { SubjectOwner } from './owner.ts';
import type { SubjectState } from './state.ts';

/** The access entries as the relay asks for them (RFC 3341 §3.1, A6, C7): by their owner's owner. */
export class SubjectAccessPolicy implements AccessPolicy {
  readonly #owner: Pick<SubjectOwner, 'look' | 'inMemory'>;

  constructor(owner: Pick<SubjectOwner, 'look' | 'inMemory'>) {
    this.#owner = owner;
  }

  verdict(owner: string, actor: string, action: string): AccessVerdict | undefined {
    // A6: the entries of a subaddress are with its endpoint
    const state = this.#owner.inMemory(parent(owner));
    return state === undefined ? undefined : verdictOf(state, owner, actor, action);
  }

  check(owner: string, actor: string, action: string, decided: (verdict: AccessVerdict) => void): void {
    this.#owner.look(parent(owner), (state) =>
      decided(state === undefined ? 'failed' : verdictOf(state, owner, actor, action)),
    );
  }
}

function verdictOf(state: SubjectState, owner: string, actor: string, action: string): AccessVerdict {
  if (!state.exists) return 'unknown';
  return state.access.allows(owner, actor, action) ? 'allowed' : 'denied';
}
