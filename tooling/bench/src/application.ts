import { authenticate, drive, type Exchange, type Peer, plainClient } from '@apex/beep';
import { connectTcp } from '@apex/beep/tcp';
import {
  APEX_PROFILE_URI,
  ApexChannel,
  contentElement,
  formatInitialization,
  formatOperation,
  OK_PAYLOAD,
  type Operation,
  parseDataMessage,
  parseInitializationReply,
  parseOperation,
  serviceData,
} from '@apex/protocol';

const DOMAIN = 'example.com';
const PRESENCE = `apex=presence@${DOMAIN}`;
/** As large as the load generator in C gives it. */
const WINDOW_OCTETS = 1 << 20;

/** What a role does with its messages, and whom it tells that it cannot go on. */
export interface Role {
  readonly endpoint: string;
  /** A message of the relay, which has been acknowledged. */
  received(payload: Uint8Array): void;
  failed(error: Error): void;
}

/** One endpoint of a load, attached over a connection of its own. */
export class Application {
  readonly #apex: ApexChannel;
  readonly #peer: Peer;
  readonly #role: Role;

  private constructor(peer: Peer, apex: ApexChannel, role: Role) {
    this.#peer = peer;
    this.#apex = apex;
    this.#role = role;
  }

  static async attach(port: number, role: Role): Promise<Application> {
    const { endpoint } = role;
    const peer = drive(await connectTcp({ host: '127.0.0.1', port }), {
      role: 'initiator',
      profiles: [],
      limits: { receiveWindowOctets: WINDOW_OCTETS },
    });
    const mechanism = plainClient({ authentication: endpoint, password: 'pw', requireSecured: false });
    await authenticate(peer, mechanism, { serverName: DOMAIN });
    const apex = new ApexChannel(() => ({ closed: () => {} }));
    const attach = { kind: 'attach', endpoint, transID: 1, options: [] } as const;
    const { channel, initializationReply } = await peer.startChannel({
      profiles: [{ uri: APEX_PROFILE_URI, initialization: formatInitialization(attach) }],
      // Acknowledged as they are: reading what is in them is up to the role.
      handler: {
        message(exchange: Exchange) {
          exchange.reply(OK_PAYLOAD);
          role.received(exchange.payload);
        },
        closed: ({ kind }) => role.failed(new Error(`${endpoint}: the session is ${kind}`)),
      },
    });
    const refusal = parseInitializationReply(initializationReply);
    if (refusal !== undefined) throw refusal;
    apex.open(channel);
    return new Application(peer, apex, role);
  }

  /** Sends an operation to the presence service. */
  send(operation: Operation): void {
    const payload = serviceData(this.#role.endpoint, PRESENCE, formatOperation(operation));
    this.#apex.data(payload, (refusal) => {
      if (refusal !== undefined) this.#role.failed(refusal);
    });
  }

  leave(): void {
    this.#peer.abort(new Error('the measurement is over'));
  }
}

/** The operation in a message of the presence service. Throws MessageError when it holds none. */
export function operationIn(payload: Uint8Array): Operation {
  const element = contentElement(parseDataMessage(payload));
  if (element === undefined) throw new Error('data without an operation');
  return parseOperation(element);
}
