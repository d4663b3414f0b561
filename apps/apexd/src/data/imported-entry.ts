import { accessSchema, presenceSchema } from '@apex/protocol';
import * as z from 'zod';

/** Access entries in a document have all their attributes. */
const importedAccessSchema = accessSchema.unwrap().required().readonly();

/** An entry to be imported, as a document has it and as it travels to the server. */
export const importedEntrySchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('presence'), presence: presenceSchema }),
  z.strictObject({ kind: z.literal('access'), access: importedAccessSchema }),
]);
