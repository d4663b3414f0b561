/** One unterminated bind operation: a relay accepted as serving an administrative domain (RFC 3340 §4.4.2). */
export interface Binding {
  readonly kind: 'binding';
  readonly domain: string;
  readonly transID: number;
}
