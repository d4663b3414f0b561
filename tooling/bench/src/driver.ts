import type { Measurement } from './measurement.ts';
import type { Row } from './table.ts';

export async function drive(_: Measurement): Promise<Row> {
  throw new Error('no gcc');
}
