import { attribute, type XmlElement } from '@apex/beep';
import type { Scope } from './schemas.ts';
import { isScoped } from './xml-content.ts';

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
