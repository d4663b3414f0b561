import { identityOf } from '@apex/protocol';
import { ApexError } from './errors.ts';

/** The endpoint that `text` names, in canonical form. @throws ApexError `client.usage` */
export function requireEndpoint(text: string): string {
  const endpoint = identityOf(text);
  if (endpoint === undefined) {
    throw new ApexError('client.usage', `not an endpoint, such as fred@example.com: "${text}"`);
  }
  return endpoint;
}
