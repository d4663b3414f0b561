import { escapeXml } from '@apex/beep';
import fc from 'fast-check';
import type {
  Access,
  Attach,
  Bind,
  Capability,
  Data,
  DataHopping,
  DataTiming,
  ErrorReply,
  Operation,
  Option,
  Party,
  Presence,
  Publish,
  Tuple,
} from '../src/index.ts';

/** Values of all elements, as their schemas describe them. */

/** Records with the prototype that object literals have. */
const record: typeof fc.record = (model: object, constraints?: object) =>
  fc.record(model as never, { ...constraints, noNullPrototype: true } as never) as never;

const label = fc.stringMatching(/^[a-z0-9](?:[a-z0-9-]{0,8}[a-z0-9])?$/);
export const domains = fc.oneof(
  { weight: 8, arbitrary: fc.array(label, { minLength: 1, maxLength: 3 }).map((labels) => labels.join('.')) },
  fc.constantFrom('[10.0.0.1]', '[ipv6:::1]', "[x-1:'<&>]"),
);
const token = fc.oneof(
  fc.stringMatching(/^[a-z=.]{1,6}$/),
  fc
    .string({ unit: 'binary', minLength: 1, maxLength: 6 })
    .filter((text) =>
      /^[\x20-\x2e\x30-\x3f\x41-\x7e\x80-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]+$/u.test(text),
    ),
);
const local = fc.oneof(
  token,
  fc.tuple(token, token).map((parts) => parts.join('/')),
);
export const identities = fc.tuple(local, domains).map((parts) => parts.join('@'));

const big = 2_147_483_647;
export const transIDs = fc.oneof(fc.integer({ min: 1, max: big }), fc.constantFrom(1, 9, 10, 99, 100, big));
const numbers = fc.oneof(fc.integer({ min: 0, max: big }), fc.constantFrom(0, big));
const codes = fc.integer({ min: 100, max: 599 });
const two = (min: number, max: number) =>
  fc.integer({ min, max }).map((value) => String(value).padStart(2, '0'));
export const timestamps = fc
  .tuple(
    fc.integer({ min: 0, max: 9999 }).map((year) => String(year).padStart(4, '0')),
    two(1, 12),
    two(1, 28),
    two(0, 23),
    two(0, 59),
    two(0, 59),
    fc.oneof(fc.constant(''), fc.stringMatching(/^\.[0-9]{1,12}$/)),
    fc.oneof(
      fc.constantFrom('Z', 'z', '-00:00'),
      fc
        .tuple(fc.constantFrom('+', '-'), two(0, 23), two(0, 59))
        .map(([sign, hour, minute]) => `${sign}${hour}:${minute}`),
    ),
  )
  .map(
    ([year, month, day, hour, minute, second, fraction, offset]) =>
      `${year}-${month}-${day}T${hour}:${minute}:${second}${fraction}${offset}`,
  );
const uris = fc.oneof(
  fc.constantFrom(
    'mailto:fred@flintstone.com',
    "http://[::1]/a?b=c&d='e'#f",
    'urn:ietf:rfc:rfc2533',
    'x:%20',
  ),
  fc
    .webUrl({ withFragments: true, withQueryParameters: true })
    .filter(
      (url) =>
        /^[\x21-\x7e]+$/.test(url) &&
        /^[A-Za-z][A-Za-z0-9+.-]*:(?:[A-Za-z0-9\-_.!~*'();/?:@&=+$,[\]]|%[0-9A-Fa-f]{2})+(?:#(?:[A-Za-z0-9\-_.!~*'();/?:@&=+$,[\]]|%[0-9A-Fa-f]{2})*)?$/.test(
          url,
        ),
    ),
);
const urisOrNone = fc.oneof(fc.constant(''), uris);
export const texts = fc.oneof(
  fc.constantFrom('', ' ', '\r\n', '\t', ']]>', '<&>\'"', 'over\rriden'),
  fc
    .string({ unit: 'binary', maxLength: 12 })
    .filter((text) => /^[\t\n\r\x20-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]*$/u.test(text)),
);
const languages = fc.constantFrom('en', 'en-US', 'i-default');
const names = fc.constantFrom('Content', '_x', 'a.b-c:d', '\u00e9t\u00e9');
const lists = <T>(arbitrary: fc.Arbitrary<T>, minLength = 0) =>
  fc.array(arbitrary, { minLength, maxLength: 3 });
/** XML content: text, comments, elements, with whatever line ends and quotes. */
const contents = fc.oneof(
  fc.constantFrom('', ' ', '\r\n\t', '<a/>', '<p:a b=\'c\' d="&quot;"><!-- --><![CDATA[<]]></p:a >', '&#13;'),
  texts.map(escapeXml),
);
const scopes = fc.dictionary(
  fc.constantFrom('xmlns', 'xmlns:p', 'xmlns::', 'xml:lang', 'xml:space'),
  texts.filter((text) => !/[\t\n\r]/.test(text)),
  { minKeys: 1, maxKeys: 3, noNullPrototype: true },
);

const reporting = ['statusRequest', 'dataTiming', 'dataHopping'];
export const options: fc.Arbitrary<Option> = record(
  {
    name: fc.oneof(
      record({ internal: fc.constantFrom('hold4Endpoint', 'attachOverride', '7-.x', ...reporting) }),
      record({ external: uris }),
    ),
    targetHop: fc.constantFrom('this' as const, 'final' as const, 'all' as const),
    mustUnderstand: fc.boolean(),
    transID: transIDs,
    localize: lists(languages),
    content: contents,
    scope: scopes,
  },
  { requiredKeys: ['name', 'targetHop', 'mustUnderstand', 'localize', 'content'] },
)
  .filter(
    ({ name, transID }) =>
      transID !== undefined || !('internal' in name) || !reporting.includes(name.internal),
  )
  .map(({ name, scope, ...rest }) => ({
    ...rest,
    ...name,
    ...(scope === undefined || rest.content === '' ? {} : { scope }),
  }));
const parties: fc.Arbitrary<Party> = record({ identity: identities, options: lists(options) });
const lang = record({ lang: languages }, { requiredKeys: [] });
const withLang = <T>(arbitrary: fc.Arbitrary<T>) =>
  fc.tuple(arbitrary, lang).map(([value, tag]) => ({ ...value, ...tag }));

export const attaches: fc.Arbitrary<Attach> = record({
  kind: fc.constant('attach' as const),
  endpoint: identities,
  transID: transIDs,
  options: lists(options),
});
export const binds: fc.Arbitrary<Bind> = record({
  kind: fc.constant('bind' as const),
  relay: domains,
  transID: transIDs,
  options: lists(options),
});
export const errors: fc.Arbitrary<ErrorReply> = withLang(
  record({ kind: fc.constant('error' as const), code: codes, text: texts }),
);
export const datas: fc.Arbitrary<Data> = record({
  originator: parties,
  recipients: lists(parties, 1),
  options: lists(options),
  inline: fc.option(record({ name: names, xml: contents, scope: fc.option(scopes, { nil: undefined }) }), {
    nil: undefined,
  }),
  elsewhere: fc.constantFrom('cid:1@example.com', 'http://example.com/#x'),
  refersInline: fc.boolean(),
}).map(({ inline, elsewhere, refersInline, ...rest }) => ({
  kind: 'data' as const,
  ...rest,
  content: inline !== undefined && refersInline ? `#${encodeURI(inline.name)}` : elsewhere,
  ...(inline === undefined
    ? {}
    : {
        dataContent: {
          name: inline.name,
          xml: inline.xml,
          ...(inline.scope === undefined ? {} : { scope: inline.scope }),
        },
      }),
}));
const capabilities: fc.Arbitrary<Capability> = record({ baseline: uris, value: texts });
export const tuples: fc.Arbitrary<Tuple> = record({
  destination: uris,
  availableUntil: timestamps,
  tupleInfo: urisOrNone,
  capabilities: lists(capabilities),
});
export const presences: fc.Arbitrary<Presence> = record({
  kind: fc.constant('presence' as const),
  publisher: identities,
  lastUpdate: timestamps,
  publisherInfo: urisOrNone,
  tuples: lists(tuples, 1),
});
export const publishes: fc.Arbitrary<Publish> = record({
  kind: fc.constant('publish' as const),
  publisher: identities,
  transID: transIDs,
  timeStamp: timestamps,
  presence: presences,
});
const escapedLocal = local.map((text) => text.replace(/[*\\]/g, '\\$&'));
export const actors = fc
  .tuple(
    fc.oneof(escapedLocal, fc.constantFrom('*', 'apex=*', 'fred/*', 'apex=pubsub/*', 'a\\*b/*')),
    fc.oneof(domains, fc.constantFrom('*', '*.com', '*.foo.example.com')),
  )
  .map((parts) => parts.join('@'));
const actionLists = lists(fc.constantFrom('core:data', 'all:none', 'presence:all', 'all:all', 'x.y:z-1'), 1);
export const accesses: fc.Arbitrary<Access> = record(
  { owner: identities, actor: actors, actions: actionLists, lastUpdate: timestamps },
  { requiredKeys: ['owner', 'actor'] },
);
const kind = <K extends string>(name: K) => fc.constant(name);
export const operations: fc.Arbitrary<Operation> = fc.oneof(
  publishes,
  record({ kind: kind('subscribe'), publisher: identities, transID: transIDs, duration: numbers }),
  record({ kind: kind('watch'), publisher: identities, transID: transIDs, duration: numbers }),
  record({
    kind: kind('notify'),
    subscriber: identities,
    transID: transIDs,
    duration: numbers,
    action: fc.constantFrom('subscribe' as const, 'terminate' as const),
  }),
  withLang(record({ kind: kind('terminate'), transID: numbers, code: codes, text: texts })),
  withLang(record({ kind: kind('reply'), transID: transIDs, code: codes, text: texts })),
  record({
    kind: kind('query'),
    owner: identities,
    actor: identities,
    actions: actionLists,
    transID: transIDs,
  }),
  record({ kind: kind('get'), owner: identities, actor: actors, transID: transIDs }),
  record({ kind: kind('set'), transID: transIDs, access: accesses }),
  record({ kind: kind('allow'), transID: transIDs }),
  record({ kind: kind('deny'), transID: transIDs }),
  record({
    kind: kind('statusResponse'),
    transID: transIDs,
    destinations: lists(
      record({
        identity: identities,
        reply: withLang(
          record({ code: codes, text: texts, transID: transIDs }, { requiredKeys: ['code', 'text'] }),
        ),
      }),
      1,
    ),
  }),
);
const reportErrors = fc.boolean();
export const dataTimings: fc.Arbitrary<DataTiming> = record({
  kind: kind('dataTiming'),
  noLaterThan: numbers,
  returnTrip: numbers,
  reportAfter: numbers,
  reportErrors,
});
export const dataHoppings: fc.Arbitrary<DataHopping> = record({
  kind: kind('dataHopping'),
  noMoreThan: fc.integer({ min: 0, max: 255 }),
  reportErrors,
});
