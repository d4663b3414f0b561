import { spawn, spawnSync } from 'node:child_process';

// Builds what the server app needs (nothing, when it is up to date), then becomes `apexd serve`. The
// build speaks only when it fails, so that the server's own lines are all that `npm start` prints.
const turbo = ['run', 'build', '--filter=@apex/apexd', '--output-logs=errors-only', '--log-order=grouped'];
const build = spawnSync('turbo', turbo, {
  encoding: 'utf8',
  env: { ...process.env, TURBO_TELEMETRY_DISABLED: '1' },
  shell: process.platform === 'win32',
});
if (build.status !== 0) {
  process.stderr.write(`${build.error?.message ?? ''}${build.stdout ?? ''}${build.stderr ?? ''}`);
  console.error('The build failed: see above.');
  process.exit(1);
}

const server = spawn(process.execPath, ['apps/apexd/dist/main.js', 'serve', ...process.argv.slice(2)], {
  stdio: 'inherit',
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => server.kill(signal));
}
server.on('exit', (code, signal) => process.exit(code ?? (signal === null ? 1 : 128)));
