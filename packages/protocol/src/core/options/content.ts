import { MessageError, parseXml, type XmlElement } from '@apex/beep';
import type { Option } from '../schemas.ts';

/** The one element inside an option. @throws MessageError `element.content` (501) */
export function elementWithin(option: Option, name: string): XmlElement {
  const content = option.content.trim();
  if (content === '') throw invalid(name, 'the option is empty');
  try {
    return parseXml(content);
  } catch {
    throw invalid(name, 'the option holds more or other than one element');
  }
}

/** @throws MessageError `element.content` (501) */
export function requireNoContent(option: Option, name: string): void {
  if (option.content.trim() !== '') throw invalid(name, 'the option is not empty');
}

function invalid(name: string, problem: string): MessageError {
  return new MessageError('element.content', 501, `${name}: ${problem}`);
}
