import type { Settings } from '../arguments.ts';
export async function growthCommand(_: Settings, __: AbortSignal): Promise<number> {
  return 2;
}
