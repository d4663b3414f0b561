import { drive, type Peer, saslProfile, scramServer, type Transport } from '@apex/beep';
import { listenTcp } from '@apex/beep/tcp';
import { type Answer, type ApexChannel, apexProfile, type Bind, type DataMessage } from '@apex/protocol';
import { onTestFinished } from 'vitest';
import { deriveCredentials } from '../../src/index.ts';
import { host, secret } from './house.ts';

/** What a relay of rubble.com does that is nobody's own. */
export interface Script {
  /** Called for each data; by default it is answered `ok`. */
  data?(message: DataMessage, answer: Answer, payload: Uint8Array): void;
  bind?(bind: Bind, answer: Answer): void;
  /** In place of a session. */
  connected?(transport: Transport): void;
}

export interface ScriptedRelay {
  readonly port: number;
  /** Sessions, in the order in which they began. */
  readonly peers: Peer[];
  readonly channels: ApexChannel[];
  /** The data that came, as text, on all sessions. */
  readonly came: string[];
  /** Domains that have bound. */
  readonly bound: string[];
  script: Script;
  /** Resolves once so many data, binds, or sessions have come. */
  until(what: 'came' | 'bound' | 'peers', count: number): Promise<void>;
  /** Ends all sessions, and takes no more. */
  close(): Promise<void>;
}

/** A relay that knows the shared secret and takes data as its script says. */
export async function scriptedRelay(script: Script = {}): Promise<ScriptedRelay> {
  const keys = await deriveCredentials(secret, { iterations: 4096 });
  const waiting = new Set<() => void>();
  const changed = (): void => {
    for (const wake of [...waiting]) wake();
  };
  const relay = {
    peers: [] as Peer[],
    channels: [] as ApexChannel[],
    came: [] as string[],
    bound: [] as string[],
    script,
  };
  const profiles = [
    saslProfile(scramServer({ hash: 'SHA-256', iterations: 4096, find: () => Promise.resolve(keys) })),
    apexProfile({
      started(apex) {
        relay.channels.push(apex);
        return {
          bind(bind, answer) {
            if (relay.script.bind !== undefined) relay.script.bind(bind, answer);
            else answer.ok();
            relay.bound.push(bind.relay);
            changed();
          },
          data(message, answer, payload) {
            if (relay.script.data !== undefined) relay.script.data(message, answer, payload);
            else answer.ok();
            relay.came.push(new TextDecoder().decode(payload));
            changed();
          },
          closed: () => {},
        };
      },
    }),
  ];
  const listener = await listenTcp({
    host,
    port: 0,
    onTransport(transport) {
      if (relay.script.connected !== undefined) return relay.script.connected(transport);
      relay.peers.push(drive(transport, { role: 'listener', profiles }));
      changed();
    },
  });
  const close = async (): Promise<void> => {
    for (const peer of relay.peers) peer.abort(new Error('the scripted relay ends'));
    await listener.close();
  };
  onTestFinished(close);
  return Object.assign(relay, {
    port: listener.port,
    close,
    async until(what: 'came' | 'bound' | 'peers', count: number) {
      while (relay[what].length < count) {
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
