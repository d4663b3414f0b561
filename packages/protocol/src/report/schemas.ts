import * as z from 'zod';
import { identity, language, replyCode, transID, xmlText } from '../datatype-schemas.ts';

/** The elements of the report service (RFC 3340 §9.2), as zod schemas and the types that these describe. */

/**
 * The reply inside a destination. Its transID may be absent, although the DTD asks for it: every
 * example of RFC 3340 and RFC 3342 leaves it out, since the statusResponse has it.
 */
const deliveryStatusSchema = z
  .strictObject({
    code: replyCode,
    text: xmlText,
    lang: language.exactOptional(),
    transID: transID.exactOptional(),
  })
  .readonly();

/** The schema of {@link Destination}. */
export const destinationSchema = z.strictObject({ identity, reply: deliveryStatusSchema }).readonly();

/** RFC 3340 §6.2: the delivery status of one recipient. */
export type Destination = z.infer<typeof destinationSchema>;

/** The schema of {@link StatusResponse}. */
export const statusResponseSchema = z
  .strictObject({
    kind: z.literal('statusResponse'),
    transID,
    destinations: z.array(destinationSchema).min(1).readonly(),
  })
  .readonly();

/** RFC 3340 §6.2: what the report service tells; transID is that of the option that asked for it. */
export type StatusResponse = z.infer<typeof statusResponseSchema>;
