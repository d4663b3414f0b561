import * as z from 'zod';
import {
  accessSchema,
  allowSchema,
  denySchema,
  getSchema,
  querySchema,
  setSchema,
} from './access/schemas.ts';
import {
  attachSchema,
  bindSchema,
  dataHoppingSchema,
  dataSchema,
  dataTimingSchema,
  errorSchema,
  okSchema,
  optionSchema,
  replySchema,
  terminateSchema,
} from './core/schemas.ts';
import {
  notifySchema,
  presenceSchema,
  publishSchema,
  subscribeSchema,
  tupleSchema,
  watchSchema,
} from './presence/schemas.ts';
import { statusResponseSchema } from './report/schemas.ts';

/** The schema of every element, by the element's name. */
export const ELEMENT_SCHEMAS = {
  access: accessSchema,
  allow: allowSchema,
  attach: attachSchema,
  bind: bindSchema,
  data: dataSchema,
  dataHopping: dataHoppingSchema,
  dataTiming: dataTimingSchema,
  deny: denySchema,
  error: errorSchema,
  get: getSchema,
  notify: notifySchema,
  ok: okSchema,
  option: optionSchema,
  presence: presenceSchema,
  publish: publishSchema,
  query: querySchema,
  reply: replySchema,
  set: setSchema,
  statusResponse: statusResponseSchema,
  subscribe: subscribeSchema,
  terminate: terminateSchema,
  tuple: tupleSchema,
  watch: watchSchema,
} as const;

/** A JSON Schema (draft 2020-12). */
export type JsonSchema = Readonly<Record<string, unknown>>;

/**
 * The values of all elements as JSON Schemas, for services in other languages. What JSON Schema
 * cannot say (a domain's syntax, that content resolves) stands in the descriptions; the codec
 * checks it.
 */
export function jsonSchemas(): Readonly<Record<keyof typeof ELEMENT_SCHEMAS, JsonSchema>> {
  const schemas = Object.entries(ELEMENT_SCHEMAS).map(([name, schema]) => [name, toJsonSchema(name, schema)]);
  return Object.fromEntries(schemas) as Record<keyof typeof ELEMENT_SCHEMAS, JsonSchema>;
}

function toJsonSchema(name: string, schema: z.ZodType): JsonSchema {
  return {
    title: name,
    ...z.toJSONSchema(schema, {
      // "readOnly" would tell others that a value is set by its owner only.
      override: ({ jsonSchema }) => {
        delete jsonSchema.readOnly;
      },
    }),
  };
}
