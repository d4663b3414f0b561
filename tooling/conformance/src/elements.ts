import { randomInt } from 'node:crypto';
import { escapeXml } from './xml.ts';

export const apexProfile = 'http://iana.org/beep/APEX';
export const plainProfile = 'http://iana.org/beep/SASL/PLAIN';
export const anonymousProfile = 'http://iana.org/beep/SASL/ANONYMOUS';

/** As RFC 3340 §6.1.1 asks: transaction-identifiers that nobody can guess. */
export function newTransID(): number {
  return randomInt(1, 2 ** 31);
}

export const base64 = (text: string): string => Buffer.from(text).toString('base64');

export function profileElement(uri: string, initialization?: string): string {
  return initialization === undefined
    ? `<profile uri='${uri}' />`
    : `<profile uri='${uri}'><![CDATA[${initialization}]]></profile>`;
}

export function attachElement(endpoint: string, transID: number, options = ''): string {
  return `<attach endpoint='${escapeXml(endpoint)}' transID='${transID}'>${options}</attach>`;
}

export function dataElement(
  originator: string,
  recipients: string | readonly string[],
  content: string,
  options = '',
): string {
  const list = typeof recipients === 'string' ? [recipients] : recipients;
  const to = list.map((recipient) => `<recipient identity='${escapeXml(recipient)}' />`).join('');
  const from = `<originator identity='${escapeXml(originator)}' />`;
  return `<data content='#Content'>${from}${to}${options}<data-content Name='Content'>${content}</data-content></data>`;
}

/** Options on the three levels of a data element (RFC 3340 §4.4.4). */
export interface OptionLevels {
  /** Per-originator options. */
  readonly originator?: string;
  /** Per-recipient options, by recipient. */
  readonly recipients: Readonly<Record<string, string>>;
  /** Per-data options. */
  readonly data?: string;
  readonly content?: string;
}

export function dataWithOptions(
  from: string,
  { originator = '', recipients, data = '', content = '<hello />' }: OptionLevels,
): string {
  const to = Object.entries(recipients)
    .map(([identity, options]) => `<recipient identity='${escapeXml(identity)}'>${options}</recipient>`)
    .join('');
  return (
    `<data content='#Content'><originator identity='${escapeXml(from)}'>${originator}</originator>${to}${data}` +
    `<data-content Name='Content'>${content}</data-content></data>`
  );
}

export function subscribeElement(
  publisher: string,
  duration: number | string,
  transID: number | string,
): string {
  return `<subscribe publisher='${escapeXml(publisher)}' duration='${duration}' transID='${transID}' />`;
}

export function watchElement(publisher: string, duration: number | string, transID: number | string): string {
  return `<watch publisher='${escapeXml(publisher)}' duration='${duration}' transID='${transID}' />`;
}

export interface PublishParts {
  readonly transID?: number | string;
  readonly timeStamp?: string;
  /** Of the presence element, when it is another one. */
  readonly presencePublisher?: string;
  readonly publisherInfo?: string;
  /** Tuple elements. */
  readonly tuples?: string;
}

export function publishElement(publisher: string, lastUpdate: string, parts: PublishParts = {}): string {
  const {
    transID = newTransID(),
    timeStamp = new Date().toISOString(),
    presencePublisher = publisher,
  } = parts;
  const { publisherInfo, tuples = tupleElement(`apex:${publisher}`) } = parts;
  const info = publisherInfo === undefined ? '' : ` publisherInfo='${escapeXml(publisherInfo)}'`;
  return (
    `<publish publisher='${escapeXml(publisher)}' transID='${transID}' timeStamp='${timeStamp}'>` +
    `<presence publisher='${escapeXml(presencePublisher)}' lastUpdate='${lastUpdate}'${info}>${tuples}</presence></publish>`
  );
}

export function tupleElement(destination: string, availableUntil = '2525-12-31T23:59:59-08:00'): string {
  return `<tuple destination='${escapeXml(destination)}' availableUntil='${availableUntil}' />`;
}

export function presenceOf(endpoint: string): string {
  return `apex=presence@${endpoint.slice(endpoint.lastIndexOf('@') + 1)}`;
}
