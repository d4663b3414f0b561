import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Route } from '@apex/server';
import { staticFiles } from './static-files.ts';

/**
 * What the page may do, which is what it needs and nothing else: its own script and style, and a connection to the
 * server that it came from. It is in no frame, so that nobody is led to click in it, and says nowhere where somebody
 * came from.
 */
const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ');

const headers = {
  'Content-Security-Policy': contentSecurityPolicy,
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Permissions-Policy':
    'camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), publickey-credentials-get=(), usb=()',
};

const NOT_BUILT =
  'the console is not built: run "npx -y pnpm@12.21.0 --filter @apex/console build" and start the server again';

/** The console at `/`. In a checkout where it was not built, how to do that. */
export function consoleRoute(folder = builtConsole()): Route {
  if (existsSync(join(folder, 'index.html'))) {
    return staticFiles({ folder, index: 'index.html', immutable: 'assets', headers });
  }
  return {
    path: '/',
    answer(_, response) {
      response.writeHead(503, {
        'Content-Type': 'text/plain; charset=utf-8',
        'X-Content-Type-Options': 'nosniff',
        'Cache-Control': 'no-store',
      });
      response.end(`${NOT_BUILT}\n`);
    },
  };
}

function builtConsole(): string {
  return join(fileURLToPath(import.meta.resolve('@apex/console/package.json')), '../dist');
}

/** Argument of an edge that serves it. */
export const WITH_CONSOLE = '--console';

/** The same as a list, which is empty where no console is wanted. */
export function consoleRoutes(isWanted: boolean): readonly Route[] {
  return isWanted ? [consoleRoute()] : [];
}
