import type { Target } from '../target.ts';
import { client } from './client.ts';
import { elements } from './elements.ts';
import { frames } from './frames.ts';
import { mime } from './mime.ts';
import { names } from './names.ts';
import { sasl } from './sasl.ts';
import { session } from './session.ts';
import { xml } from './xml.ts';

/** All targets, from the wire outwards. */
export const targets: readonly Target[] = [frames, xml, mime, names, elements, sasl, session, client];
