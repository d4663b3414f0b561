import { findOption, newOption } from '../option.ts';
import type { Option } from '../schemas.ts';
import { requireNoContent } from './content.ts';

const NAME = 'hold4Endpoint';

/**
 * RFC 3342 §3: whether `options` ask to queue data for a recipient that is not attached. The
 * option's presence means true (C14).
 * @throws MessageError `element.content` (501) for one that is not empty
 */
export function hasHold4Endpoint(options: readonly Option[]): boolean {
  const option = findOption(options, NAME);
  if (option === undefined) return false;
  requireNoContent(option, NAME);
  return true;
}

/** Holds data for a recipient that is not attached (RFC 3342 §3). */
export function hold4EndpointOption(): Option {
  return newOption({ internal: NAME });
}
