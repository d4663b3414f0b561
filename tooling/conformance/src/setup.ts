import { accessEntries, endpoints, password } from './provisioning.ts';
import { type ServerProcess, startServer } from './server.ts';

/** Starts and provisions a server, unless APEX_TARGET names one. Returns how to end it. */
export async function setup(): Promise<(() => Promise<void>) | undefined> {
  if (process.env['APEX_TARGET'] !== undefined) return undefined;
  // Shorter than the patience of a test that waits for it (C13), long enough for a slow machine.
  const server: ServerProcess = await startServer({ deliverySeconds: 8 });
  try {
    await server.provision(endpoints(server.domain), password, accessEntries(server.domain));
  } catch (error) {
    await server.stop();
    throw error;
  }
  process.env['APEX_TARGET'] = `${server.host}:${server.port}`;
  process.env['APEX_TARGET_DOMAIN'] = server.domain;
  process.env['APEX_TARGET_OWN'] = '1';
  return () => server.stop();
}
