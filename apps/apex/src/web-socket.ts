import * as nodeTls from 'node:tls';
import { usage } from './errors.ts';
import type { WebSocketTarget } from './target.ts';

/** Of the options, what WebSocket can do with them. */
export interface WebSocketOptions {
  readonly insecure?: true;
  readonly tls?: true;
  readonly fingerprint?: string;
  readonly cert?: string;
  readonly key?: string;
}

/**
 * Whether the session has to be protected: the address decides whether it is, and the platform whom it trusts. `ca` is the
 * PEM text of --ca. Throws AppError `usage` for options that WebSocket cannot keep to.
 */
export function requiresTls(
  { isSecured, isLoopback }: WebSocketTarget,
  options: WebSocketOptions,
  ca: string | undefined,
): boolean {
  const { insecure, tls, fingerprint, cert, key } = options;
  const given = { fingerprint, cert, key };
  for (const [name, value] of Object.entries(given)) {
    if (value !== undefined) throw usage(`--${name}: there is none for WebSocket; use --server HOST:PORT`);
  }
  if (!isSecured) {
    if (tls === true || ca !== undefined) throw usage('--server: ws:// is not protected; write wss://');
    return insecure !== true && !isLoopback;
  }
  if (ca !== undefined) trust(ca);
  return true;
}

/** For all connections of this process, since those of WebSocket cannot be told apart. */
function trust(ca: string): void {
  // Older ones have none.
  const { setDefaultCACertificates } = nodeTls as Partial<typeof nodeTls>;
  if (setDefaultCACertificates === undefined) {
    throw usage('--ca: this version of Node cannot do that for wss://; name the file in NODE_EXTRA_CA_CERTS');
  }
  setDefaultCACertificates([ca]);
}
