import { authenticate, beepXml, drive, type Peer, plainClient, ReplyError, scramClient } from '@apex/beep';
import { connectTcp } from '@apex/beep/tcp';
import {
  type Answer,
  APEX_PROFILE_URI,
  ApexChannel,
  contentElement,
  type DataMessage,
  formatInitialization,
  parseStatusResponse,
} from '@apex/protocol';
import { a, type NameServer, nameServer, srv } from '@apex/vitest/name-server';
import { onTestFinished } from 'vitest';
import {
  type ApexServer,
  createServer,
  MemoryStore,
  type MeshSettings,
  type ServerEvent,
  type ServerOptions,
} from '../../src/index.ts';

export const host = '127.0.0.1';
export const secret = 'yabba dabba doo';

/** A server of one domain on loopback, without TLS unless the options have it, and what it told of itself. */
export interface House extends ApexServer {
  readonly domain: string;
  readonly events: ServerEvent[];
  /** Resolves with the next, or an earlier, event of this name. */
  told(name: string): Promise<ServerEvent>;
}

export async function house(
  domain: string,
  mesh: MeshSettings | undefined,
  endpoints: readonly string[],
  more: Partial<ServerOptions> = {},
): Promise<House> {
  const events: ServerEvent[] = [];
  const waiting = new Set<() => void>();
  const server = await createServer({
    domain,
    store: new MemoryStore(),
    listen: { host, port: 0 },
    requireTls: false,
    iterations: 4096,
    accessDefaults: [{ actor: '*@*', actions: ['core:data', 'presence:subscribe', 'presence:watch'] }],
    mesh,
    onEvent(event) {
      events.push(event);
      for (const wake of [...waiting]) wake();
    },
    ...more,
  });
  onTestFinished(() => server.close());
  for (const name of endpoints) await server.administration.addEndpoint(`${name}@${domain}`, 'pebbles');
  return Object.assign(server, {
    domain,
    events,
    async told(name: string) {
      for (;;) {
        const found = events.find((event) => event.name === name);
        if (found !== undefined) return found;
        await new Promise<void>((resolve) => {
          const wake = (): void => {
            waiting.delete(wake);
            resolve();
          };
          waiting.add(wake);
        });
      }
    },
  });
}

/** A server that relays of others find by the DNS, on a port that the system chooses. */
export async function placedHouse(
  dns: NameServer,
  domain: string,
  mesh: MeshSettings,
  endpoints: readonly string[],
  more: Partial<ServerOptions> = {},
): Promise<House> {
  const settings = { listen: { host, port: 0 }, resolvers: [dns.address], ...mesh };
  const server = await house(domain, settings, endpoints, more);
  place(dns, domain, server.mesh?.address?.port ?? 0);
  return server;
}

/** Has the DNS say that the relay of a domain is at this port. */
export function place(dns: NameServer, domain: string, port: number): void {
  dns.zone.set(`SRV _apex-mesh._tcp.${domain}`, [srv(domain, `relay.${domain}`, port)]);
  dns.zone.set(`A relay.${domain}`, [a(`relay.${domain}`, host)]);
}

export interface Couple {
  readonly dns: NameServer;
  readonly example: House;
  readonly rubble: House;
}

/** example.com with fred, rubble.com with wilma, which find each other by the DNS and share a secret. */
export async function couple(
  of: {
    readonly example?: MeshSettings;
    readonly rubble?: MeshSettings;
    readonly options?: Partial<ServerOptions>;
  } = {},
): Promise<Couple> {
  const dns = await nameServer();
  const example = await placedHouse(
    dns,
    'example.com',
    { peers: { 'rubble.com': { secret } }, ...of.example },
    ['fred', 'barney'],
    of.options,
  );
  const rubble = await placedHouse(
    dns,
    'rubble.com',
    { peers: { 'example.com': { secret } }, ...of.rubble },
    ['wilma', 'betty'],
    of.options,
  );
  return { dns, example, rubble };
}

/** What came to somebody: from whom, and the message. */
export interface Came {
  readonly from: string;
  readonly message: DataMessage;
  /** The name of the XML element inside. */
  readonly name: string | undefined;
}

/** Somebody who is attached as an endpoint, or a relay that is bound, as the test has it say what it wants. */
export class Attached {
  readonly identity: string;
  readonly came: Came[] = [];
  readonly unanswered: Answer[] = [];
  readonly peer: Peer;
  readonly apex: ApexChannel;
  /** Given for each data; `ok` when it is not changed. */
  answer: (message: DataMessage) => 'ok' | number | 'nothing' = () => 'ok';
  readonly #waiting = new Set<() => void>();

  private constructor(identity: string, peer: Peer) {
    this.identity = identity;
    this.peer = peer;
    this.apex = new ApexChannel(() => ({
      data: (message, answer) => {
        const said = this.answer(message);
        if (said === 'ok') answer.ok();
        else if (said === 'nothing') this.unanswered.push(answer);
        else answer.error(said, 'no');
        this.came.push({
          from: message.data.originator.identity,
          message,
          name: contentElement(message)?.name,
        });
        for (const wake of [...this.#waiting]) wake();
      },
      closed: () => {},
    }));
  }

  static async as(endpoint: string, port: number): Promise<Attached> {
    const peer = drive(await connectTcp({ host, port }), { role: 'initiator', profiles: [] });
    onTestFinished(() => peer.abort(new Error('the test is over')));
    await authenticate(
      peer,
      plainClient({ authentication: endpoint, password: 'pebbles', requireSecured: false }),
    );
    const attached = new Attached(endpoint, peer);
    const attach = { kind: 'attach', endpoint, transID: 1, options: [] } as const;
    const { channel } = await peer.startChannel({
      profiles: [{ uri: APEX_PROFILE_URI, initialization: formatInitialization(attach) }],
      handler: attached.apex,
    });
    attached.apex.open(channel);
    return attached;
  }

  /** A relay that has authenticated as a domain to another one's, and bound nothing. */
  static async relay(
    domain: string,
    port: number,
    { password = secret, serverName }: { readonly password?: string; readonly serverName?: string } = {},
  ): Promise<Attached> {
    const peer = drive(await connectTcp({ host, port }), { role: 'initiator', profiles: [] });
    onTestFinished(() => peer.abort(new Error('the test is over')));
    await authenticate(
      peer,
      scramClient({ hash: 'SHA-256', authentication: domain, password }),
      serverName === undefined ? {} : { serverName },
    );
    const attached = new Attached(domain, peer);
    const { channel } = await peer.startChannel({
      profiles: [{ uri: APEX_PROFILE_URI }],
      handler: attached.apex,
    });
    attached.apex.open(channel);
    return attached;
  }

  bind(domain: string, transID = 1): Promise<'ok' | number> {
    return answered((done) => this.apex.bind({ kind: 'bind', relay: domain, transID, options: [] }, done));
  }

  terminate(transID: number): Promise<'ok' | number> {
    return answered((done) => this.apex.terminate({ kind: 'terminate', transID, code: 250, text: '' }, done));
  }

  /** Sends data; resolves with the relay's answer. */
  send(
    recipient: string,
    {
      options = '',
      content = '<hello />',
      from = this.identity,
    }: Partial<Record<'options' | 'content' | 'from', string>> = {},
  ): Promise<'ok' | number> {
    const xml =
      `<data content='#Content'><originator identity='${from}' /><recipient identity='${recipient}' />` +
      `${options}<data-content Name='Content'>${content}</data-content></data>`;
    return answered((done) => this.apex.data(beepXml(xml), done));
  }

  /** Resolves once so many data have come, or so many that fit, with the last of these. */
  async until(count: number, fits: (came: Came) => boolean = () => true): Promise<Came> {
    for (;;) {
      const fitting = this.came.filter(fits);
      const last = fitting[count - 1];
      if (last !== undefined) return last;
      await new Promise<void>((resolve) => {
        const wake = (): void => {
          this.#waiting.delete(wake);
          resolve();
        };
        this.#waiting.add(wake);
      });
    }
  }

  /** Reports as `transID destination code`, as they came. */
  reports(): string[] {
    return this.came.filter(({ name }) => name === 'statusResponse').map(reportOf);
  }
}

export function reportOf({ message }: Came): string {
  const element = contentElement(message);
  if (element === undefined) throw new Error('no XML');
  const { transID, destinations } = parseStatusResponse(element);
  return destinations.map(({ identity, reply }) => `${transID} ${identity} ${reply.code}`).join(', ');
}

export const statusRequest = (transID: number, targetHop = 'final'): string =>
  `<option internal='statusRequest' targetHop='${targetHop}' mustUnderstand='true' transID='${transID}' />`;

export const dataTiming = (transID: number, attributes: string): string =>
  `<option internal='dataTiming' targetHop='all' mustUnderstand='true' transID='${transID}'><dataTiming ${attributes} /></option>`;

function answered(ask: (done: (refusal: Error | undefined) => void) => void): Promise<'ok' | number> {
  return new Promise((resolve, reject) => {
    ask((refusal) => {
      if (refusal === undefined) resolve('ok');
      else if (refusal instanceof ReplyError) resolve(refusal.replyCode);
      else reject(refusal);
    });
  });
}
