import { findOption, newOption } from '../option.ts';
import type { Option } from '../schemas.ts';
import { requireNoContent } from './content.ts';

const NAME = 'attachOverride';

/**
 * RFC 3342 §1: whether `options` ask to end an existing attachment as the same endpoint.
 * @throws MessageError `element.content` (501) for one that is not empty
 */
export function hasAttachOverride(options: readonly Option[]): boolean {
  const option = findOption(options, NAME);
  if (option === undefined) return false;
  requireNoContent(option, NAME);
  return true;
}

/** Takes the endpoint over from who is attached as it (RFC 3342 §1). */
export function attachOverrideOption(transID: number): Option {
  return newOption({ internal: NAME, transID });
}
