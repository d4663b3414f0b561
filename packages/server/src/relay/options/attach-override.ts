import type { RelayOption } from './option.ts';

/** RFC 3342 §1, §5.1; the attach operation looks for it itself. */
export const attachOverride: RelayOption = { name: { internal: 'attachOverride' }, contexts: ['attach'] };
