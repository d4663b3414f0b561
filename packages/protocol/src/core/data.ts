import { attribute, type ElementReader, readElement, type XmlElement } from '@apex/beep';
import * as z from 'zod';
import { parentElement, readIdentity } from '../attribute.ts';
import { identity, isName, name } from '../datatype.ts';
import { parseContentReference } from '../uri.ts';
import { formatOptions, isXmlContent, optionSchema, parseOption } from './option.ts';
import { formatScope, type Scope, scopeSchema, scopeWithin } from './scope.ts';

/** An `originator` or a `recipient` with the options that are for it alone. */
export const partySchema = z.strictObject({ identity, options: z.array(optionSchema).readonly() }).readonly();

export type Party = z.infer<typeof partySchema>;

/** `data-content`: an XML document inside the data element. */
export const dataContentSchema = z
  .strictObject({
    name,
    xml: z
      .string()
      .refine(isXmlContent, 'not well-formed XML content')
      .describe('what stands inside the element, as it was written'),
    scope: scopeSchema.exactOptional(),
  })
  .readonly();

export type DataContent = z.infer<typeof dataContentSchema>;

/** RFC 3340 §4.4.4: one datagram. */
export const dataSchema = z
  .strictObject({
    kind: z.literal('data'),
    content: z.string().describe('URI-reference: #Name, cid:… or another absolute URI'),
    originator: partySchema,
    recipients: z.array(partySchema).min(1).readonly(),
    options: z.array(optionSchema).readonly(),
    dataContent: dataContentSchema.exactOptional(),
  })
  .refine((data) => isResolvable(data.content, data.dataContent?.name), {
    error: 'content is an absolute URI, or a fragment that names the data-content',
  })
  .readonly();

export type Data = z.infer<typeof dataSchema>;

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
    if (!isName(name)) throw dataContent.invalidValue('Name', 'an XML name');
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

/** C10, as far as the element itself tells. */
function isResolvable(content: string, name: string | undefined): boolean {
  const reference = parseContentReference(content);
  return reference !== undefined && (reference.kind !== 'fragment' || reference.name === name);
}
