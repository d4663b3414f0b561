import { attribute, type ElementReader, isXmlName, readElement, type XmlElement } from '@apex/beep';
import { parentElement, readIdentity } from '../attribute.ts';
import { isResolvable } from '../uri.ts';
import { formatOptions, parseOption } from './option.ts';
import type { Data, DataContent, Party, Scope } from './schemas.ts';
import { formatScope, scopeWithin } from './scope.ts';

/** A `cid:` reference is checked by those who have the message (`parseDataMessage`). */
export function parseData(element: XmlElement): Data {
  const scope = scopeWithin(element);
  return readElement(element, 'data', (data) => {
    const content = data.required('content');
    const originator = data.one('originator', (child) => parseParty(child, 'originator', scope));
    const recipients = data.some('recipient', (child) => parseParty(child, 'recipient', scope));
    const options = readOptions(data, scope);
    const dataContent = data.maybe('data-content', (child) => parseDataContent(child, scope));
    // C10
    if (!isResolvable(content, dataContent?.name)) {
      throw data.invalidValue('content', 'an absolute URI or the name of the data-content');
    }
    return {
      kind: 'data',
      content,
      originator,
      recipients,
      options,
      ...(dataContent === undefined ? {} : { dataContent }),
    };
  });
}

/** The content is written as it stands (C9); it must be well-formed XML content. */
export function formatData(value: Data): string {
  let inner = formatParty('originator', value.originator);
  for (const recipient of value.recipients) inner += formatParty('recipient', recipient);
  inner += formatOptions(value.options);
  const { dataContent } = value;
  if (dataContent !== undefined) {
    inner += parentElement(
      'data-content',
      attribute('Name', dataContent.name) + formatScope(dataContent.scope),
      dataContent.xml,
    );
  }
  return `<data${attribute('content', value.content)}>${inner}</data>`;
}

function parseParty(element: XmlElement, name: 'originator' | 'recipient', inherited?: Scope): Party {
  const scope = scopeWithin(element, inherited);
  return readElement(element, name, (party) => ({
    identity: readIdentity(party, 'identity'),
    options: readOptions(party, scope),
  }));
}

function parseDataContent(element: XmlElement, inherited?: Scope): DataContent {
  return readElement(element, 'data-content', (dataContent) => {
    const name = dataContent.required('Name');
    if (!isXmlName(name)) throw dataContent.invalidValue('Name', 'an XML name');
    const scope = scopeWithin(element, inherited);
    return { name, xml: dataContent.inner(), ...(scope === undefined ? {} : { scope }) };
  });
}

function readOptions(reader: ElementReader, scope: Scope | undefined): Data['options'] {
  return reader.many('option', (child) => parseOption(child, scope));
}

function formatParty(name: 'originator' | 'recipient', party: Party): string {
  return parentElement(name, attribute('identity', party.identity), formatOptions(party.options));
}
