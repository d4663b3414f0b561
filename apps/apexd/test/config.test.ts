import { describe, expect, it } from 'vitest';
import { parseConfig } from '../src/config.ts';
import { AppError } from '../src/errors.ts';

function problemOf(text: string): string {
  try {
    parseConfig(text, 'apexd.yaml');
  } catch (error) {
    expect(error).toBeInstanceOf(AppError);
    return (error as Error).message;
  }
  throw new Error('no problem was found');
}

const minimal = 'domain: example.com\ndataDir: data\n';

describe('the configuration', () => {
  it('[3340 §8.3] needs a domain and a data folder only', () => {
    expect(parseConfig(minimal, 'apexd.yaml')).toMatchObject({
      domains: [{ domain: 'example.com' }],
      edge: { host: '127.0.0.1', port: 913 },
      auth: { requireTls: true, mechanisms: ['SCRAM-SHA-256', 'PLAIN'] },
      access: { defaults: [] },
      limits: { deliverySeconds: 30, unsentOctets: 1_048_576, tuplesPerEntry: 64 },
      log: { level: 'info' },
    });
  });

  it('[3340 §2.2] serves several domains, each perhaps with access defaults of its own', () => {
    const text = `dataDir: data
domains:
  - Example.com
  - domain: rubble.com
    access: { defaults: [{ actor: '*@rubble.com', actions: 'core:data' }] }
`;
    expect(parseConfig(text, 'apexd.yaml').domains).toEqual([
      { domain: 'example.com', access: undefined },
      { domain: 'rubble.com', access: { defaults: [{ actor: '*@rubble.com', actions: ['core:data'] }] } },
    ]);
    expect(problemOf(`${minimal}domains: [rubble.com]\n`)).toMatch(
      /^apexd\.yaml:1: domain: .*or several of them as `domains`, and not both$/,
    );
    expect(problemOf('dataDir: data\ndomains: [a.com, A.com]\n')).toMatch(
      /^apexd\.yaml:2: domains: names a domain twice$/,
    );
  });

  it('reads access defaults as lists of actions', () => {
    const text = `${minimal}access: { defaults: [{ actor: '*@example.com', actions: 'core:data presence:subscribe' }] }`;
    expect(parseConfig(text, 'apexd.yaml').access.defaults).toEqual([
      { actor: '*@example.com', actions: ['core:data', 'presence:subscribe'] },
    ]);
  });

  it('names the line of an unknown key', () => {
    expect(problemOf(`${minimal}limits:\n  tuplesPerEntry: 3\n  tupels: 4\n`)).toMatch(
      /^apexd\.yaml:5: limits\.tupels: unknown key/,
    );
  });

  it('[B12] offers mechanisms in the order of their names, and only with what they need', () => {
    const oauth = '  oauth: { jwks: keys.json, issuer: https://login.example.com, audience: apex }\n';
    const text = `${minimal}auth:\n  mechanisms: [OAUTHBEARER, SCRAM-SHA-256]\n`;
    expect(parseConfig(text + oauth, 'apexd.yaml').auth).toMatchObject({
      mechanisms: ['OAUTHBEARER', 'SCRAM-SHA-256'],
      oauth: { jwks: 'keys.json', issuer: 'https://login.example.com', audience: 'apex' },
    });
    expect(problemOf(text)).toMatch(/^apexd\.yaml:4: auth\.mechanisms: OAUTHBEARER needs auth\.oauth/);
    expect(problemOf(`${minimal}auth:\n  mechanisms: [EXTERNAL]\n`)).toMatch(
      /^apexd\.yaml:4: auth\.mechanisms: EXTERNAL needs tls\.ca/,
    );
    expect(problemOf(`${minimal}auth: { mechanisms: [CRAM-MD5] }\n`)).toMatch(
      /^apexd\.yaml:3: auth\.mechanisms/,
    );
  });

  it('has a port that begins with TLS only with a certificate, and another one than that which does not', () => {
    const tls = 'tls: { cert: cert.pem, key: key.pem }\n';
    expect(parseConfig(`${minimal}${tls}edge: { tlsPort: 914 }\n`, 'apexd.yaml').edge).toEqual({
      host: '127.0.0.1',
      port: 913,
      tlsPort: 914,
    });
    expect(problemOf(`${minimal}edge:\n  tlsPort: 914\n`)).toMatch(
      /^apexd\.yaml:4: edge\.tlsPort: needs tls, with the certificate to show there$/,
    );
    expect(problemOf(`${minimal}${tls}edge: { tlsPort: 913 }\n`)).toMatch(
      /^apexd\.yaml:4: edge\.tlsPort: is edge\.port, /,
    );
  });

  it('names the certificate of several that lacks something', () => {
    const tls = 'tls:\n  cert: a.pem\n  key: a-key.pem\n  more:\n    - { cert: b.pem, key: b-key.pem }\n';
    expect(parseConfig(minimal + tls, 'apexd.yaml').tls?.more).toEqual([{ cert: 'b.pem', key: 'b-key.pem' }]);
    expect(problemOf(`${minimal}${tls}    - { cert: c.pem }\n`)).toMatch(
      /^apexd\.yaml:8: tls\.more\[1\]\.key: /,
    );
  });

  it('serves relays of other domains when it is asked for, and knows some of them', () => {
    const plain = `${minimal}auth: { requireTls: false }\n`;
    const mesh = (text: string) => parseConfig(`${plain}mesh: ${text}\n`, 'apexd.yaml').mesh;
    expect(parseConfig(plain, 'apexd.yaml').mesh).toBeUndefined();
    expect(mesh('{}')).toEqual({
      host: '127.0.0.1',
      port: 912,
      discovery: true,
      waitSeconds: 10,
      idleSeconds: 300,
      peers: {},
    });
    expect(
      mesh('{ peers: { Rubble.COM: { host: relay.example.net, secret: yabba, domains: [Quarry.com] } } }'),
    ).toMatchObject({
      peers: {
        'rubble.com': { host: 'relay.example.net', secret: 'yabba', trusted: false, domains: ['quarry.com'] },
      },
    });
    for (const [text, problem] of [
      ['{ peers: { fred@rubble.com: {} } }', /mesh\.peers/],
      ['{ peers: { example.com: { secret: x } } }', /mesh\.peers: .*serves itself/],
      ['{ peers: { rubble.com: { port: 912 } } }', /mesh\.peers\["rubble\.com"\]\.port: /],
      ['{ peers: { rubble.com: { host: a, via: b.com } } }', /via: /],
      ['{ peers: { rubble.com: { fingerprint: ab } } }', /fingerprint: /],
      ['{ resolvers: [ns.example.com] }', /mesh\.resolvers\[0\]: /],
      ['{ requireTls: true }', /mesh\.requireTls: .*needs tls/],
      ['{ waitSeconds: 601 }', /mesh\.waitSeconds: /],
    ] as const) {
      expect(problemOf(`${plain}mesh: ${text}\n`), text).toMatch(problem);
    }
    expect(problemOf(`${minimal}mesh: {}\n`)).toMatch(/mesh\.requireTls: /);
  });

  it('serves HTTP when it is asked for, to pages of the origins that are named', () => {
    const http = (text: string) => parseConfig(`${minimal}http: ${text}\n`, 'apexd.yaml').http;
    expect(parseConfig(minimal, 'apexd.yaml').http).toBeUndefined();
    expect(http('{}')).toEqual({
      host: '127.0.0.1',
      port: 9180,
      trustProxy: false,
      metrics: 'loopback',
      console: true,
    });
    expect(http('{ port: 80, origins: [https://example.com], trustProxy: true }')).toEqual({
      host: '127.0.0.1',
      port: 80,
      origins: ['https://example.com'],
      trustProxy: true,
      metrics: 'loopback',
      console: true,
    });
    for (const origin of ['"*"', 'example.com', 'https://example.com/page', 'null', 'wss://example.com']) {
      expect(problemOf(`${minimal}http:\n  origins: [${origin}]\n`)).toMatch(
        /^apexd\.yaml:4: http\.origins[.[]0/,
      );
    }
  });

  it('names the line of a wrong value', () => {
    expect(problemOf(`${minimal}edge:\n  port: 70000\n`)).toMatch(/^apexd\.yaml:4: edge\.port: /);
    expect(problemOf('domain: "not a domain"\ndataDir: x\n')).toMatch(
      /^apexd\.yaml:1: domain: is not a domain/,
    );
    expect(problemOf(`${minimal}access: { defaults: [{ actor: '*', actions: 'core:data' }] }`)).toMatch(
      /^apexd\.yaml:3: access\.defaults\[0\]\.actor: is not an actor/,
    );
  });

  it('names the line of broken YAML', () => {
    expect(problemOf(`${minimal}edge: [1,\n`)).toMatch(/^apexd\.yaml:\d: not valid YAML/);
  });

  it('says what is missing', () => {
    expect(problemOf('domain: example.com\n')).toMatch(/^apexd\.yaml:1: dataDir: /);
    expect(problemOf('dataDir: data\n')).toMatch(/^apexd\.yaml:1: domain: name the domain that is served/);
  });
});
