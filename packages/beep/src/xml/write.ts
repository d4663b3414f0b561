import { UsageError } from '../errors.ts';
import { findIllegalCharacter } from './characters.ts';

/**
 * Messages are written as templates; these functions make values safe in them. Each throws
 * UsageError `xml.character` for text with characters that XML cannot carry.
 */

/**
 * Text for character data and for attribute values in either quotes. White space that a reader would
 * normalize (tab, LF, CR) is written as character references, so that every value is read as it was.
 */
export function escapeXml(text: string): string {
  let escaped = '';
  let from = 0;
  let checked = false;
  const length = text.length;
  for (let at = 0; at < length; at += 1) {
    const unit = text.charCodeAt(at);
    if (unit > 0x3e && unit < 0xd800) continue;
    const replacement = replacements[unit];
    if (replacement === undefined) {
      if (!checked && (unit < 0x20 || unit >= 0xd800)) {
        checkCharacters(text);
        checked = true;
      }
      continue;
    }
    escaped += text.slice(from, at) + replacement;
    from = at + 1;
  }
  return from === 0 ? text : escaped + text.slice(from);
}

/** By code unit, up to the last one that is replaced. */
const replacements = Object.assign(Array.from<string | undefined>({ length: 0x3f }), {
  9: '&#9;',
  10: '&#10;',
  13: '&#13;',
  34: '&quot;',
  38: '&amp;',
  39: '&apos;',
  60: '&lt;',
  62: '&gt;',
});

/** ` name='value'`, with the blank in front: `<start${attribute('number', 1)}>`. Undefined gives ''. */
export function attribute(name: string, value: string | number | undefined): string {
  if (value === undefined) return '';
  return ` ${name}='${typeof value === 'number' ? value : escapeXml(value)}'`;
}

/**
 * Text as CDATA; `]]>` is split over two sections. A CR is read back as LF (XML 1.0 §2.11): where
 * that matters, `fitsCdata` says so. Not every peer reads more than one section.
 */
export function cdata(text: string): string {
  checkCharacters(text);
  return `<![CDATA[${text.replaceAll(']]>', ']]]]><![CDATA[>')}]]>`;
}

/** Whether one CDATA section holds this text and gives it back unchanged. */
export function fitsCdata(text: string): boolean {
  return !text.includes(']]>') && !text.includes('\r') && findIllegalCharacter(text) < 0;
}

function checkCharacters(text: string): void {
  const illegal = findIllegalCharacter(text);
  if (illegal >= 0) {
    const unit = text.charCodeAt(illegal).toString(16).toUpperCase().padStart(4, '0');
    throw new UsageError('xml.character', `XML cannot carry U+${unit}`);
  }
}
