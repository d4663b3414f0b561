import { MessageError, UsageError } from '../errors.ts';
import { decodeBase64, encodeBase64 } from '../message/base64.ts';
import { encodeUtf8 } from '../octets.ts';
import { trimWhiteSpace } from '../xml/characters.ts';
import type { XmlElement } from '../xml/element.ts';
import { type ElementReader, readElement } from '../xml/element-reader.ts';
import { parseXml, type XmlLimits } from '../xml/parse.ts';
import { attribute, cdata, escapeXml, fitsCdata } from '../xml/write.ts';

/** The elements of channel zero (RFC 3080 §7.1), as values and as XML. */
export type ManagementElement =
  | GreetingElement
  | StartElement
  | ProfileElement
  | CloseElement
  | OkElement
  | ErrorElement;

/** RFC 3080 §2.3.1.1 */
export interface GreetingElement {
  readonly kind: 'greeting';
  /** URIs. */
  readonly profiles: readonly string[];
  readonly features: readonly string[];
  /** Language tags, most desirable first; `['i-default']` when absent. */
  readonly localize: readonly string[];
}

/** RFC 3080 §2.3.1.2 */
export interface StartElement {
  readonly kind: 'start';
  /** 1..2147483647 */
  readonly number: number;
  readonly serverName?: string;
  /** In order of preference; at least one. */
  readonly profiles: readonly ProfileElement[];
}

/** Of a start, and of the positive reply to one. */
export interface ProfileElement {
  readonly kind: 'profile';
  readonly uri: string;
  /** Characters of the content: CDATA unwrapped, base64 decoded (B9). Absent when there is nothing but blanks. */
  readonly initialization?: string;
}

/** RFC 3080 §2.3.1.3 */
export interface CloseElement {
  readonly kind: 'close';
  /** 0 releases the session. */
  readonly number: number;
  readonly code: number;
  readonly lang?: string;
  readonly text: string;
}

/** RFC 3080 §2.3.1.4 */
export interface OkElement {
  readonly kind: 'ok';
}

/** RFC 3080 §2.3.1.5 */
export interface ErrorElement {
  readonly kind: 'error';
  readonly code: number;
  readonly lang?: string;
  readonly text: string;
}

/** 3080 §2.3.1.2: the content of a profile element in octets, as it is written. */
export const maxInitializationOctets = 4096;

const maxChannelNumber = 2147483647;

const xmlLimits: Partial<XmlLimits> = { octets: 65_536, depth: 8, elements: 2_048 };

/**
 * Parses the body of a message on channel zero. Throws MessageError: 500 when it is not well-formed
 * beep+xml, 501 when it is not valid, an unknown element included (B7).
 */
export function parseManagement(body: Uint8Array | string): ManagementElement {
  const element = parseXml(body, xmlLimits);
  switch (element.name) {
    case 'greeting':
      return parseGreeting(element);
    case 'start':
      return parseStart(element);
    case 'profile':
      return parseProfile(element);
    case 'close':
      return parseClose(element);
    case 'ok':
      return parseOk(element);
    case 'error':
      return parseError(element);
    default:
      throw new MessageError('element.name', 501, 'not an element of channel management');
  }
}

const parseGreeting = (element: XmlElement): GreetingElement =>
  readElement(element, 'greeting', (greeting) => {
    const features = greeting.tokens('features');
    const localize = greeting.tokens('localize');
    return {
      kind: 'greeting',
      features,
      localize: localize.length === 0 ? ['i-default'] : localize,
      profiles: greeting.many('profile', parseOfferedProfile),
    };
  });

/** 3080 §2.3.1.1 rule 3: in a greeting a profile has no content. */
const parseOfferedProfile = (element: XmlElement): string =>
  readElement(element, 'profile', (profile) => {
    profile.choice('encoding', ['none', 'base64'], 'none');
    return readUri(profile);
  });

const parseStart = (element: XmlElement): StartElement =>
  readElement(element, 'start', (start) => {
    const serverName = start.optional('serverName');
    return {
      kind: 'start',
      number: start.integer('number', { min: 1, max: maxChannelNumber }),
      ...(serverName === undefined ? {} : { serverName }),
      profiles: start.some('profile', parseProfile),
    };
  });

const parseProfile = (element: XmlElement): ProfileElement =>
  readElement(element, 'profile', (profile) => {
    const uri = readUri(profile);
    const encoding = profile.choice('encoding', ['none', 'base64'], 'none');
    const text = profile.text();
    if (element.blank) return { kind: 'profile', uri };
    // B9, 3080 §2.3.1.2
    if (octetLength(profile.inner()) > maxInitializationOctets) {
      throw profile.invalidContent(`more than ${maxInitializationOctets} octets`);
    }
    return { kind: 'profile', uri, initialization: encoding === 'base64' ? decodeText(text) : text };
  });

const parseClose = (element: XmlElement): CloseElement =>
  readElement(element, 'close', (close) => ({
    kind: 'close',
    number: close.integer('number', { min: 0, max: maxChannelNumber, default: 0 }),
    code: close.code('code'),
    ...close.lang(),
    text: close.text(),
  }));

const parseOk = (element: XmlElement): OkElement => readElement(element, 'ok', () => ({ kind: 'ok' }));

/** The error element, which other profiles use as well. Throws MessageError `element.…` (501). */
export const parseError = (element: XmlElement): ErrorElement =>
  readElement(element, 'error', (error) => ({
    kind: 'error',
    code: error.code('code'),
    ...error.lang(),
    text: error.text(),
  }));

/**
 * Writes an element. Throws UsageError: `xml.character` for text that XML cannot carry,
 * `management.initialization` for an initialization longer than 4096 octets as written.
 */
export function formatManagement(element: ManagementElement): string {
  switch (element.kind) {
    case 'greeting':
      return formatGreeting(element);
    case 'start': {
      const attributes = attribute('number', element.number) + attribute('serverName', element.serverName);
      return `<start${attributes}>${element.profiles.map(formatProfile).join('')}</start>`;
    }
    case 'profile':
      return formatProfile(element);
    case 'close':
      // The number is written even when it is 0: peers are known that need it.
      return formatDiagnostic('close', attribute('number', element.number), element);
    case 'ok':
      return '<ok />';
    case 'error':
      return formatDiagnostic('error', '', element);
  }
}

function formatGreeting({ profiles, features, localize }: GreetingElement): string {
  const isDefault = localize.length === 1 && localize[0] === 'i-default';
  const start =
    '<greeting' +
    (features.length === 0 ? '' : attribute('features', features.join(' '))) +
    (localize.length === 0 || isDefault ? '' : attribute('localize', localize.join(' ')));
  if (profiles.length === 0) return `${start} />`;
  return `${start}>${profiles.map((uri) => `<profile${attribute('uri', uri)} />`).join('')}</greeting>`;
}

/** CDATA is what every known peer reads; base64 is for what one section cannot hold. */
function formatProfile({ uri, initialization }: ProfileElement): string {
  if (initialization === undefined || initialization === '') return `<profile${attribute('uri', uri)} />`;
  const plain = fitsCdata(initialization);
  const content = plain ? cdata(initialization) : encodeBase64(encodeUtf8(initialization));
  if (octetLength(content) > maxInitializationOctets) {
    throw new UsageError(
      'management.initialization',
      `an initialization of more than ${maxInitializationOctets} octets as written`,
    );
  }
  return `<profile${attribute('uri', uri)}${plain ? '' : " encoding='base64'"}>${content}</profile>`;
}

function formatDiagnostic(name: string, attributes: string, element: CloseElement | ErrorElement): string {
  const start = `<${name}${attributes}${attribute('code', element.code)}${attribute('xml:lang', element.lang)}`;
  return element.text === '' ? `${start} />` : `${start}>${escapeXml(element.text)}</${name}>`;
}

function readUri(profile: ElementReader): string {
  const uri = profile.required('uri');
  if (uri === '') throw profile.invalidValue('uri', 'a URI');
  return uri;
}

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function octetLength(text: string): number {
  return encodeUtf8(text).length;
}

/** B9: white space may stand around the base64 text. */
function decodeText(base64: string): string {
  const octets = decodeBase64(trimWhiteSpace(base64));
  try {
    return strictUtf8.decode(octets);
  } catch {
    throw new MessageError('element.content', 501, 'the base64 content is not UTF-8');
  }
}
