import { beepXmlBody, decodeBase64, encodeBase64, type MimeEntity, mimeLimits, parseMime } from '@apex/beep';
import {
  encodeDataMessage,
  encodeRelated,
  MAX_PARTS,
  type Part,
  parseDataMessage,
  parsePayload,
  resolveContent,
} from '@apex/protocol';
import { accepted, must, mustEqual } from '../finding.ts';
import { joined, latin1, octetsOf } from '../octets/octets.ts';
import type { Target } from '../target.ts';

/** RFC 3080 §2.2, RFC 3340 §4.1. */
export const mime: Target = {
  name: 'mime',
  reads: 'MIME header fields, multipart/related with a data element, base64',
  covers: ['beep/src/message/', 'protocol/src/core/multipart.ts', 'protocol/src/core/content.ts'],
  words: [
    ...['Content-Type: ', 'application/beep+xml', 'multipart/related', 'text/plain', '; charset=utf-8', '\r\n\r\n', '\r\n'],
    ...['Content-Type: multipart/related; boundary="b"; type="application/beep+xml"\r\n\r\n', '; start="<1@x>"', 'boundary='],
    ...['Content-ID: <1@x>\r\n', 'Content-Transfer-Encoding: binary\r\n', 'base64', '--b\r\n', '\r\n--b\r\n', '--b--', '\r\n--b--\r\n'],
    ...['(', ')', '"', '\\', ';', '=', ':', '/', ' ', '\t', '\r\n ', '<data content="cid:1@x">', 'cid:1@x', '#Content'],
    "<data content='#Content'><originator identity='a@b'/><recipient identity='c@d'/><data-content Name='Content'/></data>",
  ], // biome-ignore format: a list
  maxOctets: 8192,
  work: { base: 60_000, perOctet: 2000 },
  briefly: 3000,
  run(input) {
    const entity = accepted(() => parseMime(input));
    if (entity !== undefined) checkEntity(entity, input);
    const body = accepted(() => beepXmlBody(input));
    if (body !== undefined) must(isTail(body, input), 'the body of a message is not its end');

    const payload = accepted(() => parsePayload(input));
    const related = payload?.related;
    if (related !== undefined) {
      must(related.parts.length < MAX_PARTS, 'more parts than the limit');
      let end = 0;
      for (const { body } of related.parts) {
        const start = body.byteOffset - input.byteOffset;
        must(body.buffer === input.buffer && start >= end, 'parts that are copies, or overlap');
        end = start + body.length;
      }
      must(end <= input.length, 'a part behind the end');
    }
    const message = accepted(() => parseDataMessage(input));
    if (message !== undefined) {
      const again = parseDataMessage(encodeDataMessage(message));
      mustEqual(again.data, message.data, 'passed on');
      mustEqual(partsOf(again.related?.parts), partsOf(message.related?.parts), 'the parts passed on');
      mustEqual(again.operation?.name, message.operation?.name, 'the operation passed on');
      const content = resolveContent(message);
      if (content.kind === 'part') checkSentAnew(message.data, content.part);
    }

    const text = latin1(input);
    const octets = accepted(() => decodeBase64(text));
    if (octets !== undefined) mustEqual(encodeBase64(octets), text, 'base64 written again');
    mustEqual(decodeBase64(encodeBase64(input)), new Uint8Array(input), 'base64 read again');
  },
};

function checkEntity(entity: MimeEntity, input: Uint8Array): void {
  const { headers, contentType, parameters, transferEncoding, body } = entity;
  must(isTail(body, input), 'the body is not the end of the entity');
  must(headers.length <= mimeLimits.fields, 'more header fields than the limit');
  must(input.length - body.length <= mimeLimits.headerOctets, 'more octets of header fields than the limit');
  must(contentType === contentType.toLowerCase(), 'a Content-Type in upper case');
  const fields = headers.map(({ name, value }) => `${name}: ${value}\r\n`).join('');
  const again = parseMime(joined([octetsOf(`${fields}\r\n`), body]));
  mustEqual(
    [again.headers, again.contentType, again.parameters, again.transferEncoding],
    [headers, contentType, parameters, transferEncoding],
    'an entity written and read again',
  );
}

/** A message made of the same data and one part. */
function checkSentAnew(data: Parameters<typeof encodeRelated>[0], part: Part): void {
  const { contentId = '', contentType, body } = part;
  if (!/^[\w.]+@[\w.]+$/.test(contentId) || !/^[\w.]+\/[\w.]+$/.test(contentType)) return;
  const again = parseDataMessage(encodeRelated(data, [{ contentId, contentType, body }]));
  mustEqual(again.data, data, 'sent anew');
  mustEqual(
    again.related?.parts.map((each) => latin1(each.body)),
    [latin1(body)],
    'a part sent anew',
  );
}

function partsOf(parts: readonly Part[] | undefined): readonly unknown[] | undefined {
  return parts?.map(({ contentId, contentType, headers, body }) => [
    contentId,
    contentType,
    headers,
    latin1(body),
  ]);
}

function isTail(part: Uint8Array, whole: Uint8Array): boolean {
  return (
    part.buffer === whole.buffer &&
    part.byteOffset + part.length === whole.byteOffset + whole.length &&
    part.byteOffset >= whole.byteOffset
  );
}
