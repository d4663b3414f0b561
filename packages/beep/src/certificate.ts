/** What a certificate says of the peer that has proved to hold its key. */
export interface PeerCertificate {
  /** Common name of its subject; empty when it has none. */
  readonly commonName: string;
  /** Its names: DNS names, in lower case. */
  readonly dnsNames: readonly string[];
  /** Its names: mail addresses, such as those of endpoints. */
  readonly mailAddresses: readonly string[];
  /** SHA-256 of the certificate, in lower case hexadecimal digits. */
  readonly fingerprint: string;
}
