import { parent } from '@apex/protocol';
import type { AccessPolicy, AccessVerdict } from '../relay/ports.ts';
import type { SubjectOwner } from './owner.ts';

/** The access entries as the relay asks for them (RFC 3341 §3.1, A6, C7): by their owner's owner. */
export class SubjectAccessPolicy implements AccessPolicy {
  readonly #owner: Pick<SubjectOwner, 'look'>;

  constructor(owner: Pick<SubjectOwner, 'look'>) {
    this.#owner = owner;
  }

  check(owner: string, actor: string, action: string, decided: (verdict: AccessVerdict) => void): void {
    // A6: the entries of a subaddress are with its endpoint
    this.#owner.look(parent(owner), (state) => {
      if (state === undefined) decided('failed');
      else if (!state.exists) decided('unknown');
      else decided(state.access.allows(owner, actor, action) ? 'allowed' : 'denied');
    });
  }
}
