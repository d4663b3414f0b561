import { saslProfileUri, type XmlElement } from '@apex/beep';

/** What authenticates is not shown: blobs of SASL, in messages of their own and inside a start and its answer. */
export const HIDDEN = '(hidden)';

const SASL = saslProfileUri('');

export function isSecret({ name, attributes }: Pick<XmlElement, 'name' | 'attributes'>): boolean {
  if (name === 'blob') return true;
  return (
    name === 'profile' &&
    attributes.some((attribute) => attribute.name === 'uri' && attribute.value.startsWith(SASL))
  );
}
