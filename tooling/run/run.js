import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

// Runs an app from the checkout, for `npm start`, `npm run apex` and their like: first pnpm installs (and
// builds) what is missing, then the app runs on the pinned Node as a child of this process. It is no child
// of npx, because npx leaves its own child running when it is told to stop. All that preparation prints
// goes to standard error; standard output is the app's alone.
const fromSources = [
  '--experimental-strip-types',
  '--disable-warning=ExperimentalWarning',
  '--conditions=@apex/source',
];
const apps = {
  start: { prepare: 'in:build', args: ['apps/apexd/dist/main.js', 'serve'] },
  apex: { prepare: 'in:ready', args: [...fromSources, 'apps/apex/src/main.ts'] },
  apexd: { prepare: 'in:ready', args: [...fromSources, 'apps/apexd/src/main.ts'] },
  'demo:mesh': { prepare: 'in:ready', args: [...fromSources, 'tooling/demo-mesh/src/main.ts'] },
  fuzz: { prepare: 'in:ready', args: [...fromSources, 'tooling/fuzz/src/main.ts'] },
  bench: { prepare: 'in:build', args: [...fromSources, 'tooling/bench/src/main.ts'] },
  soak: { prepare: 'in:build', args: [...fromSources, 'tooling/soak/src/main.ts'] },
};
const windows = process.platform === 'win32';
const app = apps[process.argv[2]];

if (!existsSync('node_modules')) console.error('Installing what is missing; this takes a moment.');
const prepared = spawnSync('npx', ['-y', 'pnpm@12.21.0', '--silent', 'run', app.prepare], {
  env: { ...process.env, TURBO_TELEMETRY_DISABLED: '1' },
  stdio: ['ignore', 2, 2],
  shell: windows,
});
if (prepared.status !== 0) {
  process.exit(1);
}

const pinned = 'node_modules/.bin/node';
const node = existsSync(pinned) && !windows ? pinned : process.execPath;
const child = spawn(node, [...app.args, ...process.argv.slice(3)], { stdio: 'inherit' });
child.on('exit', (code, signal) => process.exit(code ?? (signal === 'SIGINT' ? 130 : 143)));
for (const signal of ['SIGTERM', 'SIGHUP']) {
  process.on(signal, () => child.kill(signal));
}
// A terminal sends Ctrl-C to the child as well; twice could mean "at once" to it.
process.on('SIGINT', () => process.stdin.isTTY || child.kill('SIGINT'));
// npm stops the shell between it and this process and nothing else.
const parent = process.ppid;
setInterval(() => process.ppid === parent || child.kill('SIGTERM'), 250).unref();
