import { join } from 'node:path';

/** Where a running server is administered. */
export function adminSocketPath(dataDir: string): string {
  return join(dataDir, 'admin.sock');
}
