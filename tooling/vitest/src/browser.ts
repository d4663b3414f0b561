import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BrowserContext, type BrowserContextOptions, chromium, type Page } from 'playwright-core';

/**
 * A real browser for tests: the Chromium of the machine, each person in a profile of its own. Where none is installed
 * `hasBrowser` is false; tests say `describe.skipIf(!hasBrowser)`, and so are counted as skipped.
 */
const executable = [process.env['CHROMIUM'], '/usr/bin/chromium', '/usr/bin/chromium-browser'].find(
  (path) => path !== undefined && existsSync(path),
);

export const hasBrowser = executable !== undefined;

// It speaks to the server under test alone.
const args = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** A page in a profile of its own, with all that went wrong in it. */
export interface Visitor extends AsyncDisposable {
  readonly page: Page;
  readonly context: BrowserContext;
  /** Exceptions nobody caught, errors on the console (those of refused requests are among them). */
  readonly errors: readonly string[];
}

/** Opens a browser for one person. Close it with `await using`. */
export async function openBrowser(options: BrowserContextOptions = {}): Promise<Visitor> {
  if (executable === undefined) throw new Error('no Chromium is installed; skip the test without one');
  const profile = await mkdtemp(join(tmpdir(), 'apex-browser-'));
  const context = await chromium.launchPersistentContext(profile, {
    ...options,
    executablePath: executable,
    args,
  });
  const errors: string[] = [];
  const observe = (page: Page): void => {
    page.on('pageerror', (error) => errors.push(String(error)));
    page.on('console', (message) => {
      if (message.type() === 'error') errors.push(message.text());
    });
  };
  context.pages().forEach(observe);
  context.on('page', observe);
  return {
    page: context.pages()[0] ?? (await context.newPage()),
    context,
    errors,
    async [Symbol.asyncDispose]() {
      await context.close();
      await rm(profile, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
