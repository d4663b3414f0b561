import { parseXml } from '@apex/beep';

/** What is asked about options and opaque content, by codecs and by schemas alike. */

/** Options whose reports carry the option's transaction-identifier back, so that it cannot be absent (C6). */
const REPORTING: ReadonlySet<string | undefined> = new Set(['statusRequest', 'dataTiming', 'dataHopping']);

/** C6: whether the option of this registered name causes reports. */
export function reports(internal: string | undefined): boolean {
  return REPORTING.has(internal);
}

/** Whether `text` can stand between a start tag and its end tag. */
export function isXmlContent(text: string): boolean {
  try {
    return text === '' || parseXml(`<c>${text}</c>`).innerEnd === text.length + 3;
  } catch {
    return false;
  }
}

/** C9: whether content inherits the attribute of this name. */
export function isScoped(name: string): boolean {
  return name === 'xmlns' || name.startsWith('xmlns:') || name === 'xml:lang' || name === 'xml:space';
}
