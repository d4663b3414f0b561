import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MessageError, ReplyError } from '../../../src/errors.ts';
import { formatBlob, parseBlob, parseOutcome } from '../../../src/profile/sasl/blob.ts';

const octets = (text: string): Uint8Array => new TextEncoder().encode(text);
const blob = (status: string, data: string) => ({ kind: 'blob', status, data: octets(data) });

const refusal = (xml: string): string => {
  try {
    parseBlob(xml);
  } catch (error) {
    expect(error).toBeInstanceOf(MessageError);
    return `${(error as MessageError).code} ${(error as MessageError).replyCode}`;
  }
  return 'accepted';
};

describe('parseBlob', () => {
  it('[3080 §4.1.1] reads the blobs of the examples', () => {
    expect(parseBlob('<blob>AGJsb2NrbWFzdGVy</blob>')).toEqual(blob('continue', '\0blockmaster'));
    expect(
      parseBlob('<blob>b3RwLXNoYTEgOTk5NyBwaXh5bWlzYXM4NTgwNSBleHQ=\r\n                    </blob>'),
    ).toEqual(blob('continue', 'otp-sha1 9997 pixymisas85805 ext'));
    expect(parseBlob('<blob>d29yZDpmZXJuIGhhbmcgYnJvdyBib25nIGhlcmQgdG9n</blob>')).toEqual(
      blob('continue', 'word:fern hang brow bong herd tog'),
    );
    expect(parseBlob("<blob status='complete' />")).toEqual(blob('complete', ''));
    expect(parseBlob("<blob status='abort' />")).toEqual(blob('abort', ''));
    expect(parseBlob('<blob>PDE4OTYuNjk3MTcwOTUyQHBvc3RvZmZpY2UucmVzdG9uLm1jaS5uZXQ+</blob>')).toEqual(
      blob('continue', '<1896.697170952@postoffice.reston.mci.net>'),
    );
  });

  it('[3080 §7.3] [3080 §4.1.3 rule 1] reads the attributes of the DTD', () => {
    expect(parseBlob("<blob xml:space='default' status='continue'/>")).toEqual(blob('continue', ''));
    expect(refusal("<blob xml:space='keep'/>")).toBe('element.attribute.value 501');
    expect(refusal("<blob status='done'/>")).toBe('element.attribute.value 501');
    expect(refusal("<blob mechanism='PLAIN'/>")).toBe('element.attribute.unknown 501');
  });

  it('[3080 §4.1.2] refuses content that is not base64, without showing it', () => {
    for (const content of ['c2Vj cmV0', 'c2VjcmV', 'c2VjcmV0=', 'secret!!', '&#0;']) {
      expect(() => parseBlob(`<blob>${content}</blob>`)).toThrow(/^(?!.*(c2V|secret))/);
    }
    expect(refusal('<blob>c2V</blob>')).toBe('base64 501');
    expect(refusal('<blob>c2V<i/></blob>')).toBe('element.child.unexpected 501');
    expect(refusal('<blob>')).toBe('xml.end 500');
    expect(refusal('<lump/>')).toBe('element.name 501');
  });
});

describe('parseOutcome', () => {
  it('[3080 §4.1.1] throws what an error element says', () => {
    const outcome = () => parseOutcome("<error code='534'>authentication mechanism is\r\ntoo weak</error>");
    expect(outcome).toThrow(ReplyError);
    expect(outcome).toThrow(
      expect.objectContaining({ replyCode: 534, text: 'authentication mechanism is\ntoo weak' }),
    );
    expect(() => parseOutcome("<error code='535' />")).toThrow(expect.objectContaining({ replyCode: 535 }));
    expect(() => parseOutcome('<error />')).toThrow(MessageError);
  });
});

describe('formatBlob', () => {
  it('writes what known peers read', () => {
    expect(formatBlob('complete', octets(''))).toBe("<blob status='complete' />");
    expect(formatBlob('continue', octets('\0bob\0secret'))).toBe('<blob>AGJvYgBzZWNyZXQ=</blob>');
  });

  // Invariant: every blob is read back as it was written.
  it('is the inverse of parseBlob', () => {
    fc.assert(
      fc.property(fc.constantFrom('abort', 'complete', 'continue'), fc.uint8Array(), (status, data) => {
        expect(parseBlob(formatBlob(status, data))).toEqual({ kind: 'blob', status, data });
      }),
    );
  });
});
