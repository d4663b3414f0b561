import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { extname, join } from 'node:path';
import type { Route } from '@apex/server';

/**
 * The files of a folder as a route. All of them are read once, before the first request, and a request names one of
 * them by its whole path or gets 404: nothing that a peer writes becomes a path of the disk. A file `X` with `X.br` or
 * `X.gz` beside it is sent in that form to who takes it.
 */
interface StaticFile {
  readonly contentType: string;
  readonly cacheControl: string;
  /** The best one first; the last one is the file as it is. */
  readonly forms: readonly Form[];
}

interface Form {
  /** Of Content-Encoding; undefined: as it is. */
  readonly encoding: 'br' | 'gzip' | undefined;
  readonly octets: Buffer;
  readonly tag: string;
}

export interface StaticFilesOptions {
  readonly folder: string;
  /** Served at `/`. */
  readonly index: string;
  /** Folder of files whose names have a hash of their content: they never change. */
  readonly immutable: string;
  /** Sent with each of them. */
  readonly headers: Readonly<Record<string, string>>;
}

const contentTypes: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};
const compressed = [
  ['br', '.br'],
  ['gzip', '.gz'],
] as const;

/** Reads the folder, and serves it at `/`. Throws the error of the system when it cannot be read. */
export function staticFiles(options: StaticFilesOptions): Route {
  const files = readFiles(options);
  return {
    path: '/',
    answer(request, response) {
      const file = files.get(pathOf(request));
      if (file === undefined) {
        response.writeHead(404, {
          'Content-Type': 'text/plain; charset=utf-8',
          'X-Content-Type-Options': 'nosniff',
          'Cache-Control': 'no-store',
          Connection: 'close',
        });
        response.end('there is nothing here\n');
        return;
      }
      send(request, response, file, options.headers);
    },
  };
}

function readFiles({ folder, index, immutable }: StaticFilesOptions): ReadonlyMap<string, StaticFile> {
  const names = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) =>
      join(parentPath, name)
        .slice(folder.length + 1)
        .replaceAll('\\', '/'),
    );
  const present = new Set(names);
  const files = new Map<string, StaticFile>();
  for (const name of names) {
    const contentType = contentTypes[extname(name)];
    if (contentType === undefined) continue;
    const form = (path: string, encoding: Form['encoding']): Form => {
      const octets = readFileSync(join(folder, path));
      return { encoding, octets, tag: `"${createHash('sha256').update(octets).digest('base64url')}"` };
    };
    const forms = compressed
      .filter(([, ending]) => present.has(`${name}${ending}`))
      .map(([encoding, ending]) => form(`${name}${ending}`, encoding));
    const file = {
      contentType,
      cacheControl: name.startsWith(`${immutable}/`) ? 'public, max-age=31536000, immutable' : 'no-cache',
      forms: [...forms, form(name, undefined)],
    };
    files.set(name === index ? '/' : `/${name}`, file);
  }
  return files;
}

function send(
  request: IncomingMessage,
  response: ServerResponse,
  { contentType, cacheControl, forms }: StaticFile,
  headers: Readonly<Record<string, string>>,
): void {
  const accepted = acceptedEncodings(request);
  const form = forms.find(({ encoding }) => encoding === undefined || accepted.has(encoding)) as Form;
  const common = { ...headers, 'Cache-Control': cacheControl, ETag: form.tag, Vary: 'Accept-Encoding' };
  const known = request.headers['if-none-match']?.split(',').map((tag) => tag.trim().replace(/^W\//, ''));
  if (known?.includes(form.tag)) {
    response.writeHead(304, common).end();
    return;
  }
  response.writeHead(200, {
    ...common,
    'Content-Type': contentType,
    'Content-Length': form.octets.length,
    ...(form.encoding === undefined ? {} : { 'Content-Encoding': form.encoding }),
  });
  response.end(request.method === 'HEAD' ? undefined : form.octets);
}

/** Those that are named and not excluded (RFC 9110 §12.5.3). */
function acceptedEncodings({ headers }: IncomingMessage): ReadonlySet<string> {
  const named = [headers['accept-encoding'] ?? ''].flat().join(',').toLowerCase().split(',');
  return new Set(
    named
      .map((text) => text.split(';').map((part) => part.trim()))
      .filter(([, weight = '']) => !/^q=0(?:\.0*)?$/.test(weight))
      .map(([encoding = '']) => encoding),
  );
}

function pathOf({ url = '/' }: IncomingMessage): string {
  return url.replace(/[?#].*$/s, '');
}
