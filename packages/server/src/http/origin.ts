/**
 * Whether a page may connect (RFC 6455 §10.2). Programs that are no browsers say nothing of an origin, and could say
 * anything: this is about browsers, whose pages cannot lie about it. Without `allowed`, pages of this very server
 * may: those whose origin is the address that the request was sent to.
 */
export function isAllowedOrigin(
  { origin, host }: { readonly origin?: string | undefined; readonly host?: string | undefined },
  secured: boolean,
  allowed: readonly string[] | undefined,
): boolean {
  if (origin === undefined) return true;
  const canonical = originOf(origin);
  if (canonical === undefined) return false;
  if (allowed !== undefined) return allowed.some((one) => originOf(one) === canonical);
  return host !== undefined && canonical === originOf(`${secured ? 'https' : 'http'}://${host}`);
}

/** `https://example.com`, in lower case and without the usual port; undefined for what is no origin of a page. */
export function originOf(text: string): string | undefined {
  if (!/^https?:\/\/[^/?#@\s]+$/i.test(text)) return undefined;
  return URL.parse(text)?.origin;
}
