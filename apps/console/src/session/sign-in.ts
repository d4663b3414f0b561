import {
  type ApexClient,
  ApexError,
  type ConnectWebSocketOptions,
  connectWebSocket,
} from '@apex/client/websocket';
import { identityOf, isSubaddress, parent } from '@apex/protocol';
import type { Place } from './place.ts';

export interface Identity {
  /** `fred@example.com`, or a subaddress such as `fred/desk@example.com`. */
  readonly endpoint: string;
  /** Is in memory only, in the client, which needs it when it reconnects. */
  readonly password: string;
  /** Takes the endpoint over from the application that is attached as it. */
  readonly takesOver: boolean;
}

/** Another application is attached as this endpoint (RFC 3340 §4.4.1 step 5). */
const ATTACHED_ELSEWHERE = 554;

/**
 * Attaches as the endpoint itself, so that what is sent to it comes here; when another application is there already,
 * as a subaddress of its own (C16), so that windows and other tools do not disturb each other. A subaddress that was
 * asked for is taken as it is. Rejects with ApexError.
 */
export async function attach(
  identity: Identity,
  place: Place,
  through: NonNullable<ConnectWebSocketOptions['through']>,
): Promise<ApexClient> {
  const { password, takesOver } = identity;
  const endpoint = identityOf(identity.endpoint.trim());
  if (endpoint === undefined) {
    throw new ApexError(
      'client.usage',
      `"${identity.endpoint}" is not an endpoint such as fred@example.com or fred/desk@example.com`,
    );
  }
  const attachAs = (name: string): Promise<ApexClient> =>
    connectWebSocket({
      url: place.url,
      endpoint: name,
      credentials: { password },
      // A page that came over http is not protected either; the form says so.
      requireTls: place.isProtected,
      attachOverride: takesOver,
      through,
    });
  try {
    return await attachAs(endpoint);
  } catch (error) {
    const isTaken = error instanceof ApexError && error.replyCode === ATTACHED_ELSEWHERE;
    if (!isTaken || takesOver || isSubaddress(endpoint)) throw error;
    return attachAs(ownSubaddress(endpoint));
  }
}

/** `fred/console-k3x9@example.com` */
function ownSubaddress(endpoint: string): string {
  const random = crypto.getRandomValues(new Uint8Array(5));
  const name = Array.from(random, (octet) => 'abcdefghjkmnpqrstuvwxyz23456789'[octet % 31]).join('');
  return parent(endpoint).replace(/@(?=[^@]*$)/, `/console-${name}@`);
}
