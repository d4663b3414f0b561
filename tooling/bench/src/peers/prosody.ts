import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Load } from '../cases.ts';
import { pinned } from '../pinned.ts';
import type { Subject } from '../subject.ts';
import { freePort, listening } from './listening.ts';
import { rostersOf } from './roster.ts';

const DOMAIN = 'localhost';

/** Prosody with its own files as storage and nothing but presence: no TLS, no limits, no other modules. */
export function prosody(program: string): Subject {
  return {
    name: 'prosody',
    protocol: 'xmpp',
    domain: DOMAIN,
    async start(folder, load) {
      const port = await freePort();
      const config = join(folder, 'prosody.cfg.lua');
      writeFileSync(config, configuration(folder, port));
      provision(join(folder, 'data', DOMAIN), load);
      const [command, ...rest] = pinned(0, [program, '-F', '--config', config]);
      const child = spawn(command!, rest, { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] });
      return listening('prosody', child, port);
    },
  };
}

function configuration(folder: string, port: number): string {
  return `run_as_root = true
daemonize = false
pidfile = "${folder}/prosody.pid"
data_path = "${folder}/data"
log = { error = "${folder}/prosody.log" }
network_backend = "epoll"
network_settings = { tcp_backlog = 4096, nagle = false, read_timeout = 3600 }
gc = { mode = "generational" }
storage = "internal"
authentication = "internal_plain"
allow_unencrypted_plain_auth = true
c2s_require_encryption = false
c2s_interfaces = { "127.0.0.1" }
c2s_ports = { ${port} }
s2s_ports = {}
modules_enabled = { "roster", "saslauth" }
modules_disabled = { "s2s", "offline", "s2s_auth_certs" }
VirtualHost "${DOMAIN}"
`;
}

/** Accounts and rosters as the storage has them: one Lua file each. */
function provision(folder: string, load: Load): void {
  const accounts = join(folder, 'accounts');
  const rosters = join(folder, 'roster');
  mkdirSync(accounts, { recursive: true });
  mkdirSync(rosters, { recursive: true });
  for (const [local, contacts] of rostersOf(load)) {
    writeFileSync(join(accounts, `${local}.dat`), 'return { ["password"] = "pw" };\n');
    const items = contacts.map(
      (contact) => `["${contact}@${DOMAIN}"] = { ["subscription"] = "both", ["groups"] = {} };\n`,
    );
    writeFileSync(
      join(rosters, `${local}.dat`),
      `return {\n[false] = { ["version"] = 1 };\n${items.join('')}};\n`,
    );
  }
}
