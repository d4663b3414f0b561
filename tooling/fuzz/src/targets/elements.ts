import { beepXmlBody, formatManagement, parseManagement, parseXml, type XmlElement } from '@apex/beep';
import {
  type Access,
  type Attach,
  type Bind,
  type Data,
  dataHoppingOf,
  dataTimingOf,
  ELEMENT_SCHEMAS,
  type ErrorReply,
  formatAccess,
  formatAttach,
  formatBind,
  formatData,
  formatDataHopping,
  formatDataTiming,
  formatError,
  formatOk,
  formatOperation,
  formatPresence,
  formatTuples,
  hasAttachOverride,
  hasHold4Endpoint,
  type Operation,
  type Option,
  operationSchema,
  optionSchema,
  type Presence,
  parseAccess,
  parseAttach,
  parseBind,
  parseData,
  parseDataHopping,
  parseDataTiming,
  parseError,
  parseOk,
  parseOperation,
  parsePresence,
  parseTuples,
  presenceSchema,
  readableTransID,
  statusRequestOf,
} from '@apex/protocol';
import { accepted, must, mustEqual } from '../finding.ts';
import type { Target } from '../target.ts';

/** RFC 3080 §7.1, RFC 3340 §9, RFC 3341 §6, RFC 3342 §6, RFC 3343 §6. */
export const elements: Target = {
  name: 'elements',
  reads: 'all elements of channel management and of APEX, options within them',
  covers: [
    'beep/src/management/elements.ts',
    'beep/src/xml/element-reader.ts',
    ...['core/', 'access/access.ts', 'presence/', 'report/', 'attribute.ts'].map(
      (file) => `protocol/src/${file}`,
    ),
  ],
  words: [
    ...['attach', 'bind', 'terminate', 'data', 'originator', 'recipient', 'option', 'data-content', 'reply', 'error', 'ok'],
    ...['query', 'get', 'set', 'access', 'allow', 'deny', 'publish', 'subscribe', 'watch', 'notify', 'presence', 'tuple'],
    ...['greeting', 'start', 'profile', 'close', 'statusResponse', 'destination', 'dataTiming', 'dataHopping'],
    ...[' transID="1"', ' transID="0"', ' code="250"', " endpoint='fred@example.com'", " relay='example.com'", ' Name="Content"'],
    ...[' content="#Content"', ' identity="a@b"', ' owner="a@b"', ' actor="*@*"', ' actions="core:data"', ' xml:lang="en"'],
    ...[' lastUpdate="2000-05-14T13:02:00-08:00"', ' subscriber="a@b"', ' publisher="a@b"', ' duration="86400"', ' xmlns:x="y"'],
    ...[' internal="statusRequest"', ' internal="dataTiming"', ' internal="hold4Endpoint"', ' external="http://x/"'],
    ...[' targetHop="all"', ' mustUnderstand="true"', ' localize="en"', ' destination="apex:a@b"', ' availableUntil="2000-05-14T13:02:00Z"'],
    ...['<option internal="attachOverride" transID="1"/>', '<dataTiming noLaterThan="1"/>', '<dataHopping noMoreThan="1"/>'],
    ...[' reportErrors="true"', '<![CDATA[', ']]>', '&lt;', '&#10;', ' number="1"', " uri='http://iana.org/beep/APEX'"],
    ...[' serverName="x"', ' encoding="base64"', ' features="a b"', '<!-- -->', '\ufeff', 'é', '<x:y xmlns:x="z"/>', '<capability baseline="a">'],
  ], // biome-ignore format: a list
  maxOctets: 4096,
  work: { base: 200_000, perOctet: 4000 },
  briefly: 1500,
  run(input) {
    const body = accepted(() => (input[0] === 0x3c ? input : beepXmlBody(input)));
    const management = body && accepted(() => parseManagement(body));
    if (management !== undefined) {
      mustEqual(parseManagement(formatManagement(management)), management, 'channel management, read again');
    }
    const element = body && accepted(() => parseXml(body));
    if (element === undefined) return;
    for (const codec of codecs) codec(element);
    const transID = readableTransID(element);
    must(transID === undefined || transID > 0, 'a transID that no reply can carry');
  },
};

/** What is accepted is written, and read again as the same; and the schema accepts it too. */
function codec<T>(
  name: string,
  parse: (element: XmlElement) => T,
  format: (value: T) => string,
  accepts: (value: T) => boolean = () => true,
  more: (value: T) => void = () => {},
): (element: XmlElement) => void {
  return (element) => {
    const value = accepted(() => parse(element));
    if (value === undefined) return;
    must(accepts(value), `${name}: the schema refuses what the codec accepts: ${JSON.stringify(value)}`);
    mustEqual(parse(parseXml(format(value))), value, name);
    more(value);
  };
}

const codecs: readonly ((element: XmlElement) => void)[] = [
  codec<Attach>('attach', parseAttach, formatAttach, schemaOf('attach'), ({ options }) =>
    readOptions(options),
  ),
  codec<Bind>('bind', parseBind, formatBind, schemaOf('bind'), ({ options }) => readOptions(options)),
  codec<Data>('data', parseData, formatData, schemaOf('data'), readDataOptions),
  codec('ok', parseOk, formatOk),
  codec<ErrorReply>('error', parseError, formatError, schemaOf('error')),
  codec<Operation>('operation', parseOperation, formatOperation, valid(operationSchema)),
  codec<Access>('access', parseAccess, formatAccess, schemaOf('access')),
  codec<Presence>('presence', parsePresence, formatPresence, valid(presenceSchema), ({ tuples }) =>
    mustEqual(parseTuples(formatTuples(tuples)), tuples, 'tuples'),
  ),
  codec('dataTiming', parseDataTiming, formatDataTiming),
  codec('dataHopping', parseDataHopping, formatDataHopping),
];

function readDataOptions({ options, originator, recipients }: Data): void {
  readOptions(options);
  for (const party of [originator, ...recipients]) readOptions(party.options);
}

function readOptions(options: readonly Option[]): void {
  for (const option of options) {
    must(valid(optionSchema)(option), `option: the schema refuses ${JSON.stringify(option)}`);
    accepted(() => statusRequestOf([option]));
    accepted(() => hasAttachOverride([option]));
    accepted(() => hasHold4Endpoint([option]));
    accepted(() => dataTimingOf([option]));
    accepted(() => dataHoppingOf([option]));
  }
}

interface Schema {
  safeParse(value: unknown): { readonly success: boolean };
}

function valid(schema: Schema): (value: unknown) => boolean {
  return (value) => schema.safeParse(value).success;
}

function schemaOf(name: string): (value: unknown) => boolean {
  const schema = (ELEMENT_SCHEMAS as Readonly<Record<string, Schema>>)[name];
  must(schema !== undefined, `there is no schema of ${name}`);
  return valid(schema);
}
