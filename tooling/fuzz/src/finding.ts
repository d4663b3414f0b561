import { isDeepStrictEqual } from 'node:util';
import { escapeXml, MessageError, ReplyError } from '@apex/beep';

/** A property that an input broke. Whatever else a target throws is a finding too. */
export class Finding extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'Finding';
  }
}

/** Throws Finding unless `isSo`. */
export function must(isSo: boolean, otherwise: string): asserts isSo {
  if (!isSo) throw new Finding(otherwise);
}

/** Throws Finding unless both are the same, all the way down. */
export function mustEqual(actual: unknown, expected: unknown, what: string): void {
  if (isDeepStrictEqual(actual, expected)) return;
  throw new Finding(`${what}: ${shown(actual)} is not ${shown(expected)}`);
}

/**
 * What `read` returns; undefined when it refuses with MessageError or ReplyError, as those who read a
 * peer's octets do. Another error goes through: it is a finding.
 */
export function accepted<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    requireRefusal(error);
    return undefined;
  }
}

/** Rethrows all but MessageError and ReplyError, which have a code and a text that can be sent. */
export function requireRefusal(error: unknown): void {
  if (!(error instanceof MessageError || error instanceof ReplyError)) throw error;
  must(/^[a-z0-9]+(?:[.-][a-z0-9]+)*$/.test(error.code), `an error without a code: ${error.message}`);
  escapeXml(error.message);
}

function shown(value: unknown): string {
  const text = JSON.stringify(value, (_, part: unknown) =>
    part instanceof Uint8Array
      ? Buffer.from(part).toString('latin1')
      : part instanceof Map
        ? [...part]
        : part instanceof Error
          ? String(part)
          : part,
  );
  return text === undefined ? String(value) : text.length > 400 ? `${text.slice(0, 400)}…` : text;
}
