import { createHmac } from 'node:crypto';
import {
  type ClientMechanism,
  externalClient,
  externalServer,
  type ServerMechanism,
  type SessionFacts,
  scramClient,
  scramServer,
} from '@apex/beep';
import { isFqdn } from '@apex/protocol';
import { deriveCredentials } from '../credentials/scram.ts';
import type { ScramCredentials } from '../store/ports.ts';

/** What is configured of the relay of one other domain. */
export interface MeshPeer {
  /** Where it is; absent: as the DNS says. */
  readonly host?: string | undefined;
  /** With `host`; default 912. */
  readonly port?: number | undefined;
  /** The password that both relays share; each authenticates as its own domain with it. */
  readonly secret?: string | undefined;
  /** SHA-256 of the one TLS certificate that is trusted, hexadecimal; else one of a trusted issuer for the domain, or `host`. */
  readonly fingerprint?: string | undefined;
  /** Whether it may send data of originators of other domains than its own (RFC 3340 §4.5.2); default false. */
  readonly trusted?: boolean | undefined;
  /** Further domains for which it may bind. */
  readonly domains?: readonly string[] | undefined;
  /** The domain whose relay takes the data for this one. */
  readonly via?: string | undefined;
}

/**
 * Who the relays of other domains are (RFC 3340 §4.5.2): what is configured of them, how they prove to be it and how we
 * do. Credentials of relays are apart from those of endpoints: a domain is no endpoint, and has no place in the store.
 */
export class MeshPeers {
  readonly #peers: ReadonlyMap<string, MeshPeer>;
  readonly #keys: ReadonlyMap<string, ScramCredentials>;
  readonly #iterations: number;
  readonly #decoySecret: Uint8Array;

  private constructor(
    peers: ReadonlyMap<string, MeshPeer>,
    keys: ReadonlyMap<string, ScramCredentials>,
    iterations: number,
    decoySecret: Uint8Array,
  ) {
    this.#peers = peers;
    this.#keys = keys;
    this.#iterations = iterations;
    this.#decoySecret = decoySecret;
  }

  /**
   * @param peers by domain
   * @param decoySecret the salts of all names come from it, so that those of known ones look like the others (B13)
   * Rejects with UsageError `password.empty` or `password.characters` for a secret that is no password.
   */
  static async of(
    peers: Readonly<Record<string, MeshPeer>>,
    iterations: number,
    decoySecret: Uint8Array,
  ): Promise<MeshPeers> {
    const byDomain = new Map(
      Object.entries(peers).map(([domain, peer]) => [domain.toLowerCase(), peer] as const),
    );
    const keys = new Map<string, ScramCredentials>();
    for (const [domain, { secret }] of byDomain) {
      if (secret === undefined) continue;
      const salt = createHmac('sha256', decoySecret).update(domain).digest().subarray(0, 16);
      keys.set(domain, await deriveCredentials(secret, { iterations, salt }));
    }
    return new MeshPeers(byDomain, keys, iterations, decoySecret);
  }

  find(domain: string): MeshPeer | undefined {
    return this.#peers.get(domain);
  }

  /** Those whose place is configured. */
  places(): ReadonlyMap<string, { readonly host: string; readonly port?: number | undefined }> {
    const placed = [...this.#peers].flatMap(([domain, { host, port }]) =>
      host === undefined ? [] : [[domain, { host, port }] as const],
    );
    return new Map(placed);
  }

  /** 3340 §4.5.2 rule 3 */
  isTrusted(domain: string): boolean {
    return this.#peers.get(domain)?.trusted === true;
  }

  /** 3340 §4.5.2 rule 1: the domain that it authenticated as, others of its certificate, and those that are configured. */
  mayBind(authenticated: string, { identity, certificate }: SessionFacts, domain: string): boolean {
    if (domain === authenticated) return true;
    if (this.#peers.get(authenticated)?.domains?.includes(domain) === true) return true;
    return identity?.mechanism === 'EXTERNAL' && certificate?.dnsNames.includes(domain) === true;
  }

  /**
   * How relays authenticate that come to us: with the secret that is configured for their domain, or with a certificate
   * for it.
   */
  serverMechanisms(takesCertificates: boolean): readonly ServerMechanism[] {
    const scram = scramServer({
      hash: 'SHA-256',
      iterations: this.#iterations,
      decoySecret: this.#decoySecret,
      find: (name) => Promise.resolve(this.#keys.get(name.toLowerCase())),
      authorize: (requested, name) => sameDomain(requested ?? name, name),
    });
    return [...(this.#keys.size > 0 ? [scram] : []), ...(takesCertificates ? [certificateMechanism] : [])];
  }

  /** How we authenticate as `ours` to the relay of a domain, the best first. */
  clientMechanisms(
    domain: string,
    ours: string,
    of: { readonly hasCertificate: boolean; readonly requireSecured: boolean },
  ): readonly ClientMechanism[] {
    const secret = this.#peers.get(domain)?.secret;
    const { hasCertificate, requireSecured } = of;
    return [
      ...(secret === undefined
        ? []
        : [{ ...scramClient({ hash: 'SHA-256', authentication: ours, password: secret }), requireSecured }]),
      ...(hasCertificate ? [externalClient(ours)] : []),
    ];
  }
}

/** EXTERNAL: any one domain that the certificate names; without a wish, the first of them. */
const certificateMechanism: ServerMechanism = {
  ...externalServer({ identify: (facts) => certifiedDomains(facts)[0] }),
  start(facts) {
    const domains = certifiedDomains(facts);
    const authorize = (requested = domains[0]): string | undefined => {
      const wanted = requested?.toLowerCase();
      return wanted !== undefined && domains.includes(wanted) ? wanted : undefined;
    };
    return externalServer({ identify: () => domains[0], authorize }).start(facts);
  },
};

/** A wildcard names no domain. */
function certifiedDomains({ certificate }: SessionFacts): readonly string[] {
  return (certificate?.dnsNames ?? []).filter((name) => isFqdn(name));
}

function sameDomain(requested: string, name: string): string | undefined {
  const domain = name.toLowerCase();
  return requested.toLowerCase() === domain ? domain : undefined;
}
