import { Application, attachElement, newTransID } from './application.ts';
import { type Area, type Cast, castOf, password, peerEndpoint } from './provisioning.ts';
import { type Target, target } from './target.ts';
import { beepXml, Wire, type WireOptions } from './wire.ts';

/** Sessions of a test, which are ended behind it. */
export interface Stage {
  readonly domain: string;
  /** A session with both greetings exchanged, not authenticated. */
  session(): Promise<Application>;
  /** A session authenticated as an endpoint as which nobody attaches: all tests share it. */
  peer(): Promise<Application>;
  /** A connection with both greetings exchanged, for octets. */
  wire(): Promise<Wire>;
  /** A connection on which nothing was sent yet. */
  silent(options?: WireOptions): Promise<Wire>;
}

/** A stage with endpoints that no other test uses. */
export interface Scene extends Stage, Cast {
  readonly password: string;
  /** A session authenticated as an endpoint, without an APEX channel. */
  authenticated(endpoint: string): Promise<Application>;
  /** A session attached as an endpoint, authenticated as it or as the endpoint that it is a subaddress of. */
  join(endpoint: string): Promise<Application>;
}

type Play = (scene: Scene) => Promise<void>;

/** For tests that need no endpoint: they take no group. */
export function onWire(play: (stage: Stage) => Promise<void>): () => Promise<void> {
  return () => enact(play, target());
}

/** Gives each test of an area the next group of its endpoints. An area belongs to one file. */
export function scenes(area: Area): (play: Play) => () => Promise<void> {
  let index = 0;
  return (play) => {
    const mine = index;
    index += 1;
    return async () => {
      const { domain } = target();
      await perform(play, castOf(area, mine, domain), target());
    };
  };
}

/** Runs `play` with these endpoints against a server, and ends all of its sessions. */
export function perform(play: Play, cast: Cast, at: Target): Promise<void> {
  return enact((stage) => {
    const scene: Scene = {
      ...cast,
      ...stage,
      password,
      async authenticated(endpoint) {
        const application = await stage.session();
        await application.authenticate(parent(endpoint), password);
        return application;
      },
      async join(endpoint) {
        const application = await scene.authenticated(endpoint);
        const answer = await application.startApex(attachElement(endpoint, newTransID()));
        if (answer.name !== 'ok') throw new Error(`not attached as ${endpoint}: ${answer.body}`);
        return application;
      },
    };
    return play(scene);
  }, at);
}

/** Runs `play` against a server, and ends all of its sessions. */
export async function enact(play: (stage: Stage) => Promise<void>, at: Target): Promise<void> {
  const applications: Application[] = [];
  const wires: Wire[] = [];
  const silent = async (options?: WireOptions): Promise<Wire> => {
    const wire = await Wire.open(at.host, at.port, options);
    wires.push(wire);
    return wire;
  };
  const session = async (): Promise<Application> => {
    const application = await Application.open(at);
    applications.push(application);
    return application;
  };
  try {
    await play({
      domain: at.domain,
      session,
      async peer() {
        const application = await session();
        await application.authenticate(peerEndpoint(at.domain), password);
        return application;
      },
      async wire() {
        const wire = await silent();
        wire.frame('RPY', 0, 0, beepXml('<greeting />'));
        await wire.nextMessage();
        return wire;
      },
      silent,
    });
  } finally {
    for (const wire of wires) wire.close();
    await Promise.all(applications.map((application) => application.leave()));
  }
}

/** The endpoint that a subaddress belongs to. */
export function parent(endpoint: string): string {
  return endpoint.replace(/\/[^/@]*@/, '@');
}

/** `fred@example.com` as `fred/name@example.com`. */
export function subaddress(endpoint: string, name: string): string {
  const at = endpoint.lastIndexOf('@');
  return `${endpoint.slice(0, at)}/${name}${endpoint.slice(at)}`;
}
