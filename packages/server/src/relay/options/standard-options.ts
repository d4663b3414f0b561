import { attachOverride } from './attach-override.ts';
import { dataHopping } from './data-hopping.ts';
import { dataTiming } from './data-timing.ts';
import { hold4Endpoint } from './hold4-endpoint.ts';
import type { RelayOption } from './option.ts';
import { statusRequest } from './status-request.ts';

/** The options of RFC 3340 §5.1 and RFC 3342. */
export const standardOptions: readonly RelayOption[] = [
  attachOverride,
  statusRequest,
  dataTiming,
  hold4Endpoint,
  dataHopping,
];
