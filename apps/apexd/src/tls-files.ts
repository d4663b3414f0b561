import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { ServerCredentials } from '@apex/server';
import type { Logger } from 'pino';
import type { Config } from './config.ts';
import { AppError } from './errors.ts';

interface Pair {
  readonly cert: string;
  readonly key: string;
}

/**
 * What the files of `tls` hold; undefined without them. Throws AppError `tls.read` and `tls.unfit`, whose message
 * names the key and the file.
 */
export function readTlsFiles({ tls }: Pick<Config, 'tls'>): ServerCredentials | undefined {
  if (tls === undefined) return undefined;
  return {
    ...readPair('tls', tls),
    ...(tls.ca === undefined ? {} : { ca: readCertificate('tls.ca', tls.ca).text }),
    more: tls.more.map((pair, index) => readPair(`tls.more[${index}]`, pair)),
  };
}

/** The roots of relays, if there are some. Throws AppError `tls.read` and `tls.unfit`. */
export function readMeshRoots({ mesh }: Pick<Config, 'mesh'>): string | undefined {
  return mesh?.ca === undefined ? undefined : readCertificate('mesh.ca', mesh.ca).text;
}

/** Tells of certificates that clients will refuse, because their time is over. */
export function warnOfExpired({ cert, more = [] }: ServerCredentials, log: Logger): void {
  for (const [index, text] of [cert, ...more.map((pair) => pair.cert)].entries()) {
    const { validTo: until } = new X509Certificate(text);
    if (Date.parse(until) > Date.now()) continue;
    log.warn({ event: 'tls.expired', key: index === 0 ? 'tls.cert' : `tls.more[${index - 1}].cert`, until });
  }
}

function readPair(name: string, { cert, key }: Pair): Pair {
  const { text, certificate } = readCertificate(`${name}.cert`, cert);
  const where = `${name}.key`;
  const keyText = read(where, key);
  const privateKey = asPem(where, key, 'key in PEM without a passphrase', () => createPrivateKey(keyText));
  if (!certificate.checkPrivateKey(privateKey)) {
    throw new AppError(
      'tls.unfit',
      `${where}: ${key} is not the key of ${cert}; name two that belong together`,
    );
  }
  return { cert: text, key: keyText };
}

function readCertificate(
  where: string,
  path: string,
): { readonly text: string; readonly certificate: X509Certificate } {
  const text = read(where, path);
  return { text, certificate: asPem(where, path, 'certificate in PEM', () => new X509Certificate(text)) };
}

function asPem<T>(where: string, path: string, what: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    throw new AppError('tls.unfit', `${where}: ${path} holds no ${what}; name a file that does`, 1, {
      cause: error,
    });
  }
}

function read(where: string, path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const { message } = error as Error;
    throw new AppError(
      'tls.read',
      `${where}: cannot read ${path}: ${message}; check the path and its rights`,
      1,
      { cause: error },
    );
  }
}
