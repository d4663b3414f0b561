/**
 * URI references as APEX uses them: absolute URIs (RFC 2396, with the brackets that RFC 2732 adds),
 * with or without a fragment, and fragments alone.
 */

const CHARACTERS = "[A-Za-z0-9\\-_.!~*'();/?:@&=+$,[\\]%]";
const ABSOLUTE_URI = new RegExp(`^[A-Za-z][A-Za-z0-9+.-]*:${CHARACTERS}+(?:#${CHARACTERS}*)?$`);
const FRAGMENT = new RegExp(`^#(${CHARACTERS}+)$`);
const BROKEN_ESCAPE = /%(?![0-9A-Fa-f]{2})/;

/** Whether `text` is an absolute URI, possibly with a fragment identifier. */
export function isUri(text: string): boolean {
  return ABSOLUTE_URI.test(text) && !(text.includes('%') && BROKEN_ESCAPE.test(text));
}

/** What the content attribute of `data` refers to (RFC 3340 §4.1). */
export type ContentReference =
  /** The `data-content` element with this Name. */
  | { readonly kind: 'fragment'; readonly name: string }
  /** The MIME part with this Content-ID, angle brackets taken off (RFC 2392). */
  | { readonly kind: 'cid'; readonly contentId: string }
  /** Any other absolute URI: nothing in the message (C10). */
  | { readonly kind: 'external'; readonly uri: string };

const INLINE: ContentReference = { kind: 'fragment', name: 'Content' };

/** Undefined when `text` is neither an absolute URI nor a fragment alone (RFC 3340 §4.1). */
export function parseContentReference(text: string): ContentReference | undefined {
  if (text === '#Content') return INLINE;
  if (text.startsWith('#')) {
    const name = percentDecoded(FRAGMENT.exec(text)?.[1]);
    return name === undefined ? undefined : { kind: 'fragment', name };
  }
  if (!isUri(text)) return undefined;
  if (!/^cid:/i.test(text)) return { kind: 'external', uri: text };
  const contentId = percentDecoded(text.slice(4).replace(/#.*$/, ''));
  return contentId === undefined || contentId === '' ? undefined : { kind: 'cid', contentId };
}

/** The `cid:` URL of a Content-ID (RFC 2392 §2), which comes without its angle brackets. */
export function formatCid(contentId: string): string {
  const encoded = encodeURIComponent(contentId).replace(/%(40|3A|3D|2B|24|2C|26)/g, (encodedMark) =>
    decodeURIComponent(encodedMark),
  );
  return `cid:${encoded}`;
}

function percentDecoded(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/** C10: whether the content of data is found, as far as the element itself tells: `name` is that of its data-content. */
export function isResolvable(content: string, name: string | undefined): boolean {
  const reference = parseContentReference(content);
  return reference !== undefined && (reference.kind !== 'fragment' || reference.name === name);
}
