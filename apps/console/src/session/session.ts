import { tapped } from '@apex/beep';
import type { ApexClient, ClientEnd } from '@apex/client';
import { parent } from '@apex/protocol';
import { Value } from '../external.ts';
import { WireLog } from '../wire/wire-log.ts';
import { Board } from './board.ts';
import { type Draft, newDraft } from './draft.ts';
import { Messages } from './messages.ts';
import { type Place, placeOf } from './place.ts';
import { attach, type Identity } from './sign-in.ts';

export type SessionState =
  /** `end` is how the session before ended, unless its person has signed out. */
  | { readonly kind: 'signed-out'; readonly end?: ClientEnd; readonly endpoint?: string }
  | { readonly kind: 'signing-in'; readonly endpoint: string }
  | { readonly kind: 'refused'; readonly error: unknown; readonly endpoint: string }
  | { readonly kind: 'signed-in'; readonly signedIn: SignedIn };

/** A client, and what this window holds beside it. All of it is forgotten when its person signs out. */
export interface SignedIn {
  readonly client: ApexClient;
  /** Who the person is: the endpoint without its subaddress. */
  readonly self: string;
  readonly board: Board;
  readonly messages: Messages;
  readonly wire: WireLog;
  /** What is about to be published. */
  readonly draft: Value<Draft>;
  /** Whom the next message is for. */
  readonly recipient: Value<string>;
}

/** Who is signed in, in this window. One at a time. */
export class Session {
  readonly place: Place;
  readonly state = new Value<SessionState>({ kind: 'signed-out' });

  constructor(place: Place = placeOf(document.baseURI)) {
    this.place = place;
  }

  /** Never rejects: the state tells. */
  async signIn(identity: Identity): Promise<void> {
    const endpoint = identity.endpoint.trim();
    this.state.set({ kind: 'signing-in', endpoint });
    const wire = new WireLog();
    try {
      const client = await attach(identity, this.place, (transport) => tapped(transport, wire.session()));
      const self = parent(client.endpoint);
      this.state.set({
        kind: 'signed-in',
        signedIn: {
          client,
          self,
          board: new Board(self),
          messages: new Messages(client),
          wire,
          draft: new Value(newDraft(client.endpoint)),
          recipient: new Value(''),
        },
      });
      void client.ended.then((end) => this.#ended(client, end));
    } catch (error) {
      this.state.set({ kind: 'refused', error, endpoint });
    }
  }

  /** Ends what is in progress and detaches. */
  async signOut(): Promise<void> {
    const state = this.state.get();
    if (state.kind !== 'signed-in') return;
    this.state.set({ kind: 'signed-out' });
    await state.signedIn.client.close();
  }

  #ended(client: ApexClient, end: ClientEnd): void {
    const state = this.state.get();
    if (state.kind !== 'signed-in' || state.signedIn.client !== client) return;
    this.state.set({ kind: 'signed-out', end, endpoint: client.endpoint });
  }
}
