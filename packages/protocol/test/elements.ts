import type { XmlElement } from '@apex/beep';
import type * as z from 'zod';
import {
  accessSchema,
  attachSchema,
  bindSchema,
  dataSchema,
  errorSchema,
  formatAccess,
  formatAttach,
  formatBind,
  formatData,
  formatError,
  formatOk,
  formatOperation,
  formatPresence,
  okSchema,
  operationSchema,
  parseAccess,
  parseAttach,
  parseBind,
  parseData,
  parseError,
  parseOk,
  parseOperation,
  parsePresence,
  presenceSchema,
} from '../src/index.ts';

/** An element as tests see it: what reads it, what writes it, what describes it. */
export interface Codec {
  readonly parse: (element: XmlElement) => unknown;
  readonly format: (value: never) => string;
  readonly schema: z.ZodType;
}

const operation: Codec = { parse: parseOperation, format: formatOperation, schema: operationSchema };

const own: Readonly<Record<string, Codec>> = {
  access: { parse: parseAccess, format: formatAccess, schema: accessSchema },
  attach: { parse: parseAttach, format: formatAttach, schema: attachSchema },
  bind: { parse: parseBind, format: formatBind, schema: bindSchema },
  data: { parse: parseData, format: formatData, schema: dataSchema },
  error: { parse: parseError, format: formatError, schema: errorSchema },
  ok: { parse: parseOk, format: formatOk, schema: okSchema },
  presence: { parse: parsePresence, format: formatPresence, schema: presenceSchema },
};

/** The codec of the element with this name; operations share theirs. */
export function codecOf(name: string): Codec {
  return own[name] ?? operation;
}
