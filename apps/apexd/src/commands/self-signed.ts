import 'reflect-metadata';
import { existsSync, writeFileSync } from 'node:fs';
import { isDomain } from '@apex/protocol';
import {
  BasicConstraintsExtension,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
} from '@peculiar/x509';
import { AppError } from '../errors.ts';

export interface SelfSignedOptions {
  readonly domain: string;
  readonly name?: readonly string[];
  readonly cert: string;
  readonly key: string;
  readonly days: string;
}

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const DAY_MS = 24 * 3600 * 1000;

/**
 * `apexd tls self-signed`: a certificate for trying out, whose clients trust it by name (`--ca`) or by its
 * fingerprint. Never writes over a file. Throws AppError.
 */
export async function selfSigned(options: SelfSignedOptions): Promise<void> {
  const days = Number(options.days);
  if (!(Number.isInteger(days) && days >= 1 && days <= 3650)) {
    throw new AppError('usage', `--days ${options.days}: expected a number from 1 to 3650`, 2);
  }
  const names = [options.domain, ...(options.name ?? [])];
  const wrong = names.find((name) => !isDomain(name));
  if (wrong !== undefined) throw new AppError('usage', `${wrong}: expected a name such as example.com`, 2);
  for (const path of [options.cert, options.key]) {
    if (existsSync(path))
      throw new AppError('tls.exists', `${path} is there already: remove it, or name another file`);
  }
  const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: `CN=${options.domain}`,
    notBefore: new Date(),
    notAfter: new Date(Date.now() + days * DAY_MS),
    signingAlgorithm: algorithm,
    keys,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new SubjectAlternativeNameExtension(names.map((value) => ({ type: 'dns' as const, value }))),
    ],
  });
  const pkcs8 = Buffer.from(await crypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64');
  const lines = pkcs8.match(/.{1,64}/g) ?? [];
  write(options.key, `-----BEGIN PRIVATE KEY-----\n${lines.join('\n')}\n-----END PRIVATE KEY-----\n`, 0o600);
  write(options.cert, `${certificate.toString('pem')}\n`, 0o644);
  const fingerprint = Buffer.from(await certificate.getThumbprint('SHA-256')).toString('hex');
  process.stdout.write(
    [
      `${options.cert} is for ${names.join(', ')}, for ${days} days; its key is ${options.key}.`,
      `fingerprint ${fingerprint}`,
      'In the configuration:',
      `  tls: { cert: ${options.cert}, key: ${options.key} }`,
      '',
    ].join('\n'),
  );
}

function write(path: string, text: string, mode: number): void {
  try {
    writeFileSync(path, text, { mode, flag: 'wx' });
  } catch (error) {
    throw new AppError(
      'tls.write',
      `cannot write ${path}: ${(error as Error).message}; name a file that can be written`,
      1,
      { cause: error },
    );
  }
}
