/**
 * Administrative domains (RFC 3340 §2.2): a FQDN or a domain literal as RFC 2821 §4.1.2 and §4.1.3
 * define them. RFC 2821 §2.3.5 says "one or more" components where its grammar asks for two; one is
 * accepted, so that `localhost` can serve.
 */

const LABEL = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?';
const FQDN = new RegExp(`^${LABEL}(?:\\.${LABEL})*$`, 'i');
const IPV4 = /^(?:25[0-5]|2[0-4]\d|[01]?\d?\d)(?:\.(?:25[0-5]|2[0-4]\d|[01]?\d?\d)){3}$/;
const HEX_GROUP = /^[0-9a-f]{1,4}$/i;
const GENERAL_LITERAL = /^([a-z0-9-]*[a-z0-9]):[!-Z^-~]+$/i;

/** RFC 2821 §4.5.3.1: octets. */
const MAX_DOMAIN_OCTETS = 255;

/** Whether `text` is a FQDN (RFC 2821 §4.1.2), in any letter case. */
export function isFqdn(text: string): boolean {
  return text.length <= MAX_DOMAIN_OCTETS && FQDN.test(text);
}

/** Whether `text` is a FQDN or a domain literal such as `[10.0.0.1]`, `[IPv6:::1]` or `[tag:content]`. */
export function isDomain(text: string): boolean {
  if (text.charCodeAt(0) !== 0x5b) return isFqdn(text);
  return text.length <= MAX_DOMAIN_OCTETS && text.endsWith(']') && isAddressLiteral(text.slice(1, -1));
}

/** RFC 2821 §4.1.3; `text` is what stands between the brackets. */
function isAddressLiteral(text: string): boolean {
  if (IPV4.test(text)) return true;
  if (/^ipv6:/i.test(text)) return isIpv6(text.slice(5));
  return GENERAL_LITERAL.test(text);
}

/** RFC 2821 §4.1.3, IPv6-addr: `::` stands for at least two groups of zeros. */
function isIpv6(text: string): boolean {
  const halves = text.split('::');
  if (halves.length > 2) return false;
  let groups = 0;
  for (const [index, half] of halves.entries()) {
    if (half === '') {
      if (halves.length === 1) return false;
      continue;
    }
    const parts = half.split(':');
    for (const [position, part] of parts.entries()) {
      const last = index === halves.length - 1 && position === parts.length - 1;
      if (last && IPV4.test(part)) groups += 2;
      else if (HEX_GROUP.test(part)) groups += 1;
      else return false;
    }
  }
  return halves.length === 1 ? groups === 8 : groups <= 6;
}
