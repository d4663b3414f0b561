import { parseXml, UsageError, type XmlElement } from '@apex/beep';

/**
 * The check of values that programs hand in. A value is valid when what is written of it is read as the same value:
 * what decides is the codec, by the rules that hold for a peer's elements. The schemas describe the same set, which
 * test/codec.test.ts proves.
 *
 * @returns what `write` has written
 * @throws UsageError `value.invalid`
 */
export function requireReadable<T>(
  value: T,
  write: (value: T) => string,
  parse: (element: XmlElement) => T,
): string {
  let text: string;
  let read: T;
  try {
    text = write(value);
    read = parse(parseXml(text));
  } catch (error) {
    throw new UsageError('value.invalid', (error as Error).message, { cause: error });
  }
  const difference = firstDifference(value, read, '');
  if (difference === undefined) return text;
  throw new UsageError('value.invalid', difference);
}

/** What is first found to be otherwise in `value` than it was read, with its path; undefined when all is the same. */
function firstDifference(value: unknown, read: unknown, path: string): string | undefined {
  if (Object.is(value, read)) return undefined;
  const place = path === '' ? 'the value' : path;
  const type = typeOf(read);
  if (typeOf(value) !== type) return `${place} is not ${type}`;
  if (!isRecord(value) || !isRecord(read)) return `${place} is not in its canonical form`;
  const inner = path === '' ? '' : `${path}.`;
  for (const key of new Set([...Object.keys(read), ...Object.keys(value)])) {
    if (!(key in read)) return `${inner}${key} is not expected`;
    const difference = firstDifference(value[key], read[key], inner + key);
    if (difference !== undefined) return difference;
  }
  return undefined;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function typeOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'an array' : `a ${typeof value}`;
}
