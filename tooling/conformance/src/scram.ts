import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto';
import { type Application, base64, initializationAnswer, profileElement, readAnswer } from './application.ts';
import { beepXml } from './wire.ts';
import { element } from './xml.ts';

const profile = 'http://iana.org/beep/SASL/SCRAM-SHA-256';

/**
 * Authenticates with SCRAM-SHA-256 (RFC 5802, RFC 7677), as relays do; the server has to prove that it knows the password
 * too. Throws when it does not let us in, with its code in the text.
 */
export async function authenticateByScram(
  application: Application,
  authentication: string,
  password: string,
): Promise<void> {
  const first = `n=${authentication},r=${randomBytes(18).toString('base64')}`;
  const channel = application.newChannel();
  const blob = `<blob>${base64(`n,,${first}`)}</blob>`;
  const challenge = initializationAnswer(await application.start(channel, profileElement(profile, blob)));
  const serverFirst = blobOf(challenge.body);
  const { r = '', s = '', i = '' } = attributesOf(serverFirst);
  const withoutProof = `c=${base64('n,,')},r=${r}`;
  const signed = [first, serverFirst, withoutProof].join(',');
  const salted = pbkdf2Sync(password, Buffer.from(s, 'base64'), Number(i), 32, 'sha256');
  const hmac = (key: Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();
  const clientKey = hmac(salted, 'Client Key');
  const signature = hmac(createHash('sha256').update(clientKey).digest(), signed);
  const proof = clientKey.map((octet, at) => octet ^ (signature[at] ?? 0));
  const final = `${withoutProof},p=${Buffer.from(proof).toString('base64')}`;
  const outcome = readAnswer(await application.exchange(channel, beepXml(`<blob>${base64(final)}</blob>`)));
  if (outcome.code !== undefined) throw new Error(`${outcome.code}: not authenticated as ${authentication}`);
  const expected = hmac(hmac(salted, 'Server Key'), signed).toString('base64');
  if (attributesOf(blobOf(outcome.body))['v'] !== expected)
    throw new Error('the server does not know the password');
}

function blobOf(body: string): string {
  return Buffer.from(element(body, 'blob').inner, 'base64').toString();
}

function attributesOf(message: string): Readonly<Record<string, string>> {
  return Object.fromEntries(message.split(',').map((pair) => [pair.slice(0, 1), pair.slice(2)]));
}
