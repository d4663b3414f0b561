import { digestSecret, saslprep } from '@apex/beep';
import { domainOf } from '@apex/protocol';
import type { Credentials } from '../store/ports.ts';
import type { MechanismName } from './mechanism-names.ts';
import { deriveCredentials } from './scram.ts';

/**
 * What is stored of an endpoint's password: the keys of SCRAM-SHA-256, with which PLAIN is checked too, and
 * those of weaker mechanisms only where they are on offer. Rejects as `deriveCredentials`.
 */
export async function credentialsFor(
  mechanisms: readonly MechanismName[],
  endpoint: string,
  password: string,
  iterations: number,
): Promise<Credentials> {
  const strong = await deriveCredentials(password, { iterations });
  const credentials: Credentials[number][] = [strong];
  if (mechanisms.includes('SCRAM-SHA-1')) {
    credentials.push(await deriveCredentials(password, { iterations, mechanism: 'SCRAM-SHA-1' }));
  }
  if (mechanisms.includes('DIGEST-MD5')) {
    const storedKey = digestSecret(endpoint, domainOf(endpoint), saslprep(password, 'stored'));
    credentials.push({ mechanism: 'DIGEST-MD5', storedKey });
  }
  return credentials;
}
