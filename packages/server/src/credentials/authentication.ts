import type { MechanismName } from './mechanism-names.ts';
import type { PasswordDesk, ServerMechanismOptions } from './server-mechanisms.ts';
import { type TokenVerifierOptions, tokenVerifier } from './token-verifier.ts';

/** How the peers of a server authenticate, wherever their connections are held; it can be cloned. */
export interface Authentication {
  readonly requireTls: boolean;
  readonly mechanisms: readonly MechanismName[];
  readonly iterations: number;
  readonly decoySecret: Uint8Array;
  readonly guest?: string | undefined;
  readonly oauth?: TokenVerifierOptions | undefined;
}

/** Rejects with UsageError `server.jwks`. */
export async function mechanismOptions(
  domains: readonly string[],
  desk: PasswordDesk,
  { oauth, ...authentication }: Authentication,
): Promise<ServerMechanismOptions> {
  const verifyToken = oauth === undefined ? undefined : await tokenVerifier(oauth);
  return { ...authentication, domains, desk, verifyToken };
}
