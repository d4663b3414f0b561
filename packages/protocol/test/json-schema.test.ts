import { describe, expect, it } from 'vitest';
import { ELEMENT_SCHEMAS, jsonSchemas } from '../src/index.ts';
import { vectors } from './vectors.ts';

/** As much of JSON Schema as the exported schemas use; an unknown keyword fails. */
function problems(schema: Record<string, unknown>, value: unknown, path = '$'): readonly string[] {
  const found: string[] = [];
  for (const [keyword, expected] of Object.entries(schema)) {
    switch (keyword) {
      case '$schema':
      case 'title':
      case 'description':
      case 'additionalProperties':
      case 'required':
        break;
      case 'type': {
        const type = Array.isArray(value) ? 'array' : Number.isInteger(value) ? 'integer' : typeof value;
        if (type !== expected) found.push(`${path}: ${type} instead of ${String(expected)}`);
        break;
      }
      case 'const':
        if (value !== expected) found.push(`${path}: not ${String(expected)}`);
        break;
      case 'enum':
        if (!(expected as unknown[]).includes(value)) found.push(`${path}: none of the values`);
        break;
      case 'minimum':
        if ((value as number) < (expected as number)) found.push(`${path}: too small`);
        break;
      case 'maximum':
        if ((value as number) > (expected as number)) found.push(`${path}: too large`);
        break;
      case 'minItems':
        if ((value as unknown[]).length < (expected as number)) found.push(`${path}: too few`);
        break;
      case 'pattern':
        if (!new RegExp(expected as string, 'su').test(value as string))
          found.push(`${path}: does not match`);
        break;
      case 'items':
        for (const [index, item] of (value as unknown[]).entries()) {
          found.push(...problems(expected as Record<string, unknown>, item, `${path}[${index}]`));
        }
        break;
      case 'properties': {
        const properties = expected as Record<string, Record<string, unknown>>;
        for (const [key, part] of Object.entries(value as object)) {
          if (properties[key] === undefined) found.push(`${path}.${key}: not known`);
          else found.push(...problems(properties[key], part, `${path}.${key}`));
        }
        for (const key of (schema.required as string[] | undefined) ?? []) {
          if (!(key in (value as object))) found.push(`${path}.${key}: missing`);
        }
        break;
      }
      case 'propertyNames':
        break;
      default:
        found.push(`${path}: keyword ${keyword} is not known to this test`);
    }
  }
  return found;
}

describe('JSON Schemas', () => {
  const schemas = jsonSchemas();

  it('[3340 §9.1] there is one for each element', () => {
    expect(Object.keys(schemas)).toStrictEqual(Object.keys(ELEMENT_SCHEMAS));
    for (const [name, schema] of Object.entries(schemas)) {
      expect(schema.title).toBe(name);
      expect(JSON.stringify(schema)).not.toContain('readOnly');
    }
  });

  for (const { name, section, expected } of vectors()) {
    for (const value of [expected.value, expected.operation] as { kind?: string }[]) {
      if (value === undefined) continue;
      const element = (value.kind ?? expected.element) as keyof typeof schemas;
      it(`[${section}] the one of ${element} accepts ${name}`, () => {
        expect(problems(schemas[element], value)).toStrictEqual([]);
      });
    }
  }

  it('[3343 §6] refuses values that are wrong', () => {
    const subscribe = { kind: 'subscribe', publisher: 'a@b', transID: 1, duration: 0 };
    expect(problems(schemas.subscribe, subscribe)).toStrictEqual([]);
    for (const wrong of [
      { ...subscribe, kind: 'watch' },
      { ...subscribe, publisher: 'a' },
      { ...subscribe, transID: 0 },
      { ...subscribe, transID: 1.5 },
      { ...subscribe, duration: '0' },
      { ...subscribe, more: true },
      { kind: 'subscribe', publisher: 'a@b', transID: 1 },
    ]) {
      expect(problems(schemas.subscribe, wrong)).not.toStrictEqual([]);
    }
  });
});
