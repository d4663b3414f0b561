import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Load } from '../cases.ts';
import { pinned } from '../pinned.ts';
import type { Subject } from '../subject.ts';
import { freePort, listening } from './listening.ts';
import { rostersOf } from './roster.ts';

const DOMAIN = 'localhost';

/** ejabberd with Mnesia and nothing but presence: no TLS, no shapers, no module but the roster. */
export function ejabberd(control: string): Subject {
  return {
    name: 'ejabberd',
    protocol: 'xmpp',
    domain: DOMAIN,
    async start(folder, load) {
      const port = await freePort();
      writeFileSync(join(folder, 'ejabberd.yml'), configuration(port));
      mkdirSync(join(folder, 'spool'));
      const environment = environmentOf(control, folder);
      provision(folder, load, environment);
      const [command, ...rest] = pinned(0, [...erlang(folder), '-s', 'ejabberd']);
      // Erlang reports each ordinary end of its helpers on standard error.
      const child = spawn(command!, rest, { cwd: folder, env: environment, stdio: 'ignore' });
      return listening('ejabberd', child, port);
    },
  };
}

/** Not by `ejabberdctl`, which would leave it to a shell and another account. Its flags are those of that program. */
function erlang(folder: string): readonly string[] {
  const flags = ['+K', 'true', '+P', '250000', '+Q', '65536', '-noinput'];
  return ['erl', ...flags, '-mnesia', 'dir', `"${folder}/spool"`];
}

/** Where its code lies is known to the control program. */
function environmentOf(control: string, folder: string): NodeJS.ProcessEnv {
  const libraries = /^\s*(?:export )?(?::\s*"\$\{)?ERL_LIBS:?="?'?([^'"\s}]+)/m.exec(
    readFileSync(control, 'utf8'),
  )?.[1];
  return {
    ...(libraries === undefined ? {} : { ERL_LIBS: libraries }),
    ...process.env,
    HOME: folder,
    EJABBERD_CONFIG_PATH: join(folder, 'ejabberd.yml'),
    EJABBERD_LOG_PATH: join(folder, 'ejabberd.log'),
    ERL_CRASH_DUMP_BYTES: '0',
  };
}

function configuration(port: number): string {
  return `hosts: [${DOMAIN}]
loglevel: none
listen:
  - { port: ${port}, ip: 127.0.0.1, module: ejabberd_c2s, access: all, shaper: none, starttls: false, backlog: 4096 }
auth_method: internal
auth_password_format: plain
default_db: mnesia
cache_size: 100000
s2s_use_starttls: false
modules: { mod_roster: {} }
`;
}

/** Imports users and rosters from a document of XEP-0227 in a run of its own, so that what is measured starts anew. */
function provision(folder: string, load: Load, env: NodeJS.ProcessEnv): void {
  const users = [...rostersOf(load)].map(([local, contacts]) => {
    const items = contacts.map((contact) => `<item jid="${contact}@${DOMAIN}" subscription="both"/>`);
    return `<user name="${local}" password="pw"><query xmlns="jabber:iq:roster">${items.join('')}</query></user>\n`;
  });
  const path = join(folder, 'users.xml');
  writeFileSync(
    path,
    `<?xml version="1.0" encoding="UTF-8"?>\n<server-data xmlns="urn:xmpp:pie:0"><host jid="${DOMAIN}">\n${users.join('')}</host></server-data>\n`,
  );
  const program = `{ok, _} = application:ensure_all_started(ejabberd), ok = ejabberd_piefxis:import_file(<<"${path}">>), mnesia:sync_log(), mnesia:dump_log(), io:format("imported ~p~n", [mnesia:table_info(passwd, size)]), init:stop().`;
  const [command, ...rest] = [...erlang(folder), '-eval', program];
  const { status, stdout } = spawnSync(command!, rest, { cwd: folder, env, encoding: 'utf8' });
  if (status !== 0 || !stdout.includes(`imported ${users.length}\n`)) {
    throw new Error(`ejabberd did not take its users: ${stdout.trim().slice(-300)}`);
  }
}
