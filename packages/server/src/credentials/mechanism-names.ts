/** SASL mechanisms that a server can offer. */
export type MechanismName =
  | 'SCRAM-SHA-256'
  | 'SCRAM-SHA-1'
  | 'PLAIN'
  | 'EXTERNAL'
  | 'OAUTHBEARER'
  | 'DIGEST-MD5'
  | 'ANONYMOUS';

/** B12 */
export const defaultMechanisms: readonly MechanismName[] = ['SCRAM-SHA-256', 'PLAIN'];
