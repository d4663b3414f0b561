import { attribute, type XmlElement } from '@apex/beep';
import * as z from 'zod';
import { isName, xmlText } from '../datatype.ts';

/**
 * What opaque content inherits from the elements around it: namespace declarations, xml:lang and
 * xml:space, by attribute name. It is written on the start tag of the content's own element, so that
 * the content keeps its meaning in another message while its octets stay unchanged (C9).
 */
export const scopeSchema = z
  .record(
    z.string().refine((name) => isScoped(name) && isName(name)),
    xmlText,
  )
  .readonly()
  .describe('inherited xmlns, xmlns:*, xml:lang and xml:space');

export type Scope = z.infer<typeof scopeSchema>;

/** The scope inside `element`; undefined when nothing is declared, as is nearly always so. */
export function scopeWithin(element: XmlElement, inherited?: Scope): Scope | undefined {
  let scope: Record<string, string> | undefined;
  for (const { name, value } of element.attributes) {
    if (!name.startsWith('xml') || !isScoped(name)) continue;
    scope ??= { ...inherited };
    scope[name] = value;
  }
  return scope ?? inherited;
}

/** C9: the attributes that restore a scope. */
export function formatScope(scope: Scope | undefined): string {
  if (scope === undefined) return '';
  let attributes = '';
  for (const [name, value] of Object.entries(scope)) attributes += attribute(name, value);
  return attributes;
}

function isScoped(name: string): boolean {
  return name === 'xmlns' || name.startsWith('xmlns:') || name === 'xml:lang' || name === 'xml:space';
}
