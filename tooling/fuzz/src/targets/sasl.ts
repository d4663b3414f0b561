import {
  type ClientMechanism,
  digestMd5Client,
  formatBlob,
  oauthBearerClient,
  parseBlob,
  type ServerMechanism,
  type ServerStep,
  type SessionFacts,
  scramClient,
} from '@apex/beep';
import { accepted, must, mustEqual, requireRefusal } from '../finding.ts';
import { mechanisms, PASSWORD, PEER, TOKEN } from '../mechanisms.ts';
import { latin1, splitAt } from '../octets/octets.ts';
import { foreseeableCrypto } from '../sasl-crypto.ts';
import type { Target } from '../target.ts';

/** Ends each message of an input: an octet that no message in UTF-8 holds. */
const SEPARATOR = 0xff;
const nonce = 'client-nonce';

/** RFC 3080 §4.1.3, RFC 4422. An input is the name of a mechanism and then messages, an octet FF between them. */
export const sasl: Target = {
  name: 'sasl',
  reads: 'blobs, and the messages of all SASL mechanisms, at the server and at the client',
  covers: ['beep/src/profile/sasl/'],
  words: [
    ...['PLAIN', 'ANONYMOUS', 'EXTERNAL', 'OAUTHBEARER', 'DIGEST-MD5', 'SCRAM-SHA-1', 'SCRAM-SHA-256', 'blob'],
    ...['n,,', 'y,,', 'p=tls-unique,,', 'n,a=fred@example.com,', 'n=', ',r=', 'client-nonceserver-nonce', 'c=biws', ',p=', 'm=x'],
    ...['v=', 'i=4096', 's=AQIDBA==', '=2C', '=3D', 'e=other-error', '\u0001', 'auth=Bearer dabba', 'auth=bearer ', ' '.repeat(500)],
    ...['username="fred@example.com"', 'realm="example.com"', 'nonce="server-nonce"', 'nc=00000001', 'cnonce="c"', 'qop=auth'],
    ...['digest-uri="beep/example.com"', 'response=', 'charset=utf-8', 'authzid=""', 'rspauth=', 'algorithm=md5-sess', ',', '"', '\\'],
    ...['\0', 'fred@example.com', 'yabba', 'é', '\u{e0001}', '\u200f', '\u0627', '<blob>', '</blob>', " status='abort'", '====', '\ufeff'],
  ], // biome-ignore format: a list
  maxOctets: 70_000,
  work: { base: 400_000, perOctet: 3000 },
  briefly: 2000,
  async run(input) {
    const [name = new Uint8Array(0), ...messages] = splitAt(input, SEPARATOR);
    const chosen = latin1(name);
    if (chosen === 'blob') return messages.forEach(readBlob);
    const client = clients()[chosen];
    if (client !== undefined) return talkTo(client, messages);
    const server = (await servers).find((mechanism) => mechanism.name === chosen);
    if (server !== undefined) return answerTo(server, messages);
  },
};

const servers = mechanisms();
const facts: SessionFacts = { role: 'listener', secured: true, remoteAddress: 'fuzz:0', localize: [] };

/** What a peer says to a server: each message gets a step, up to the outcome. */
async function answerTo(server: ServerMechanism, messages: readonly Uint8Array[]): Promise<void> {
  const exchange = server.start(facts);
  for (const message of messages) {
    let step: ServerStep;
    try {
      step = await exchange.respond(message);
    } catch (error) {
      requireRefusal(error);
      return;
    }
    const data = step.kind === 'failed' ? undefined : step.data;
    must(data === undefined || data.length <= 8192 + message.length, 'a step of more octets than it needs');
    if (step.kind === 'complete') {
      const { authorization, trace } = step.identity;
      must(trace === undefined || trace.length <= 1020, 'a trace of more characters than it can have');
      must(
        server.name === 'ANONYMOUS'
          ? authorization === ''
          : /^fred(\/[^@]+)?@example\.com$/.test(authorization),
        `authenticated as ${authorization}`,
      );
    }
    if (step.kind !== 'challenge') return;
  }
}

function clients(): Readonly<Record<string, ClientMechanism>> {
  const crypto = foreseeableCrypto(nonce);
  const credentials = { authentication: PEER, password: PASSWORD, crypto };
  return {
    'client SCRAM-SHA-256': scramClient({ ...credentials, hash: 'SHA-256' }),
    'client DIGEST-MD5': digestMd5Client({ ...credentials, host: 'example.com' }),
    'client OAUTHBEARER': oauthBearerClient({ token: TOKEN }),
  };
}

/** What a server says: challenges, and the last message as what comes with its success. */
async function talkTo(client: ClientMechanism, messages: readonly Uint8Array[]): Promise<void> {
  try {
    await client.initial();
    for (const challenge of messages.slice(0, -1)) await client.respond(challenge);
    await client.finish(messages.at(-1) ?? new Uint8Array(0));
  } catch (error) {
    requireRefusal(error);
  }
}

function readBlob(message: Uint8Array): void {
  const blob = accepted(() => parseBlob(message));
  if (blob !== undefined) mustEqual(parseBlob(formatBlob(blob.status, blob.data)), blob, 'a blob read again');
}
