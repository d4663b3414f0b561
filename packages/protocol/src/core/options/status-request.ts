import { findOption, newOption } from '../option.ts';
import type { Option } from '../schemas.ts';
import { requireNoContent } from './content.ts';

const NAME = 'statusRequest';

/** RFC 3340 §5.1: each applicable relay sends a statusResponse to the originator. */
export interface StatusRequest {
  readonly transID: number;
  readonly targetHop: Option['targetHop'];
}

/**
 * The statusRequest among `options`; undefined when there is none.
 * @throws MessageError `element.content` (501) for one that is not empty
 */
export function statusRequestOf(options: readonly Option[]): StatusRequest | undefined {
  const option = findOption(options, NAME);
  if (option?.transID === undefined) return undefined;
  // 3340 §8.4
  requireNoContent(option, NAME);
  return { transID: option.transID, targetHop: option.targetHop };
}

/** Has reported what becomes of data (RFC 3340 §5.1), under this transID. */
export function statusRequestOption(value: StatusRequest): Option {
  return newOption({ internal: NAME, mustUnderstand: true, ...value });
}
