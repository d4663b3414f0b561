import { decisions } from './decisions.ts';
import type { RequirementList } from './requirement.ts';
import { rfc3080 } from './rfc3080.ts';
import { rfc3081 } from './rfc3081.ts';
import { rfc3340 } from './rfc3340.ts';
import { rfc3341 } from './rfc3341.ts';
import { rfc3342 } from './rfc3342.ts';
import { rfc3343 } from './rfc3343.ts';

/** Every text that the project implements, in the order of the index. */
export const allRequirements: readonly RequirementList[] = [
  rfc3080,
  rfc3081,
  rfc3340,
  rfc3341,
  rfc3342,
  rfc3343,
  decisions,
];
