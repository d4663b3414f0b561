import { readFileSync } from 'node:fs';
import { connect as connectSocket } from 'node:net';
import { join } from 'node:path';
import { connect } from '@apex/client/tcp';
import { expect, it, onTestFinished } from 'vitest';
import { type Exposed, parseExposition } from './exposition.ts';
import { Home } from './server-app.ts';

const docs = join(import.meta.dirname, '../../../docs');

interface Row {
  readonly kind: string;
  readonly labels: readonly string[];
  readonly meaning: string;
}

/** The tables of the guide. */
function described(): ReadonlyMap<string, Row> {
  const guide = readFileSync(join(docs, 'guides/metrics.md'), 'utf8');
  const found = new Map<string, Row>();
  for (const line of guide.split('\n').filter((one) => /^\| `[a-z]+_/.test(one))) {
    const [, cell = '', kind = '', labels = '', meaning = ''] = line.split('|').map((one) => one.trim());
    const name = cell.replaceAll('`', '');
    expect(found.has(name), `${name} is there twice`).toBe(false);
    found.set(name, {
      kind,
      labels: [...labels.matchAll(/`(\w+)`/g)].map(([, label = '']) => label),
      meaning,
    });
  }
  return found;
}

/** A server with workers at which everything has happened once that makes a label. */
async function eventful(): Promise<ReadonlyMap<string, Exposed>> {
  const home = new Home({ http: { port: 0 }, mesh: { port: 0 } });
  await home.run('endpoint import', 'fred@example.com,yabba\n');
  const server = await home.serve(['serve', '--config', home.config, '--workers', '1']);
  const { http } = (await server.logged('serving')) as { http: { port: number } };
  const fred = await connect({
    host: '127.0.0.1',
    port: server.port,
    endpoint: 'fred@example.com',
    credentials: { password: 'yabba' },
    requireTls: false,
    reconnect: false,
  });
  onTestFinished(() => fred.close());
  await expect(fred.presence.fetch('nobody@example.com')).rejects.toMatchObject({ replyCode: 550 });
  await fred.send('nobody@example.com', { text: 'hello' });
  const xml = (text: string) => `Content-Type: application/beep+xml\r\n\r\n${text}`;
  const greeting = xml('<greeting />');
  const bad = xml('<bad>');
  const peer = connectSocket({ host: '127.0.0.1', port: server.port });
  onTestFinished(() => void peer.destroy());
  // It is cut off at the end.
  peer.on('error', () => {}).resume();
  peer.write(`RPY 0 0 . 0 ${greeting.length}\r\n${greeting}END\r\n`);
  peer.write(`MSG 0 1 . ${greeting.length} ${bad.length}\r\n${bad}END\r\n`);
  await server.logged('message.refused');
  const closed = new Promise((resolve) => peer.once('close', resolve));
  peer.write('nonsense\r\n');
  await closed;
  return parseExposition(await (await fetch(`http://127.0.0.1:${http.port}/metrics`)).text());
}

it('the guide lists what the server exposes, and nothing else, with types and labels', async () => {
  const rows = described();
  const families = await eventful();
  const onLinux = [...rows].filter(([, { meaning }]) => meaning.endsWith('(Linux)')).map(([name]) => name);
  const expected = [...rows.keys()].filter((name) => process.platform === 'linux' || !onLinux.includes(name));
  expect([...families.keys()].toSorted()).toEqual(expected.toSorted());
  for (const [name, { kind, samples }] of families) {
    // Nothing may have been thrown away yet.
    if (samples.length === 0 && name === 'nodejs_gc_duration_seconds') continue;
    const labels = new Set(samples.flatMap((one) => Object.keys(one.labels)));
    labels.delete('process');
    if (kind === 'histogram') labels.delete('le');
    expect([name, kind, [...labels].toSorted()]).toEqual([
      name,
      rows.get(name)?.kind,
      rows.get(name)?.labels.toSorted(),
    ]);
  }
});

it('names keep to the conventions of Prometheus', () => {
  for (const [name, { kind }] of described()) {
    expect([name, name.endsWith('_total')]).toEqual([name, kind === 'counter']);
    expect(name).not.toMatch(/_(ms|milliseconds|octets|kb)(_|$)/);
  }
});

it('alarms and the dashboard use figures that exist', () => {
  const rows = described();
  const names = new Set(
    [...rows].flatMap(([name, { kind }]) =>
      kind === 'histogram' ? ['bucket', 'sum', 'count'].map((part) => `${name}_${part}`) : [name],
    ),
  );
  const guide = readFileSync(join(docs, 'guides/metrics.md'), 'utf8');
  const alarms = [...guide.matchAll(/^ +expr: (.*)$/gm)].map(([, expression = '']) => expression);
  expect(alarms.length).toBeGreaterThan(5);
  const panels = dashboard().panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));
  expect(panels.length).toBeGreaterThan(20);
  const variables = dashboard().templating.list.flatMap(({ query }) =>
    typeof query === 'string' ? [] : [query.query],
  );
  for (const expression of [...alarms, ...panels, ...variables]) {
    const used = expression.match(/\b(apex|nodejs|process)_[a-z_0-9]+/g) ?? [];
    expect(
      used.filter((name) => !names.has(name)),
      expression,
    ).toEqual([]);
    // One of the server's own, or what Prometheus itself knows.
    expect(used.length > 0 || expression.startsWith('up{'), expression).toBe(true);
    for (const [, grouped = ''] of expression.matchAll(/by \(([^)]*)\)/g)) {
      const known = new Set(['instance', 'process', 'le', ...used.flatMap((name) => labelsOf(rows, name))]);
      expect(
        grouped.split(/, ?/).filter((label) => !known.has(label)),
        expression,
      ).toEqual([]);
    }
  }
});

it('the dashboard is one that Grafana takes', () => {
  const { title, uid, schemaVersion, panels, templating } = dashboard();
  expect([title, uid]).toEqual(['Apex', 'apex']);
  expect(schemaVersion).toBeGreaterThanOrEqual(36);
  expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
  expect(templating.list.map(({ name, type }) => [name, type])).toEqual([
    ['datasource', 'datasource'],
    ['instance', 'query'],
  ]);
  const taken = new Set<string>();
  for (const { type, title: name, gridPos, targets = [], datasource, fieldConfig } of panels) {
    expect(['row', 'stat', 'timeseries']).toContain(type);
    expect(name).not.toBe('');
    expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24);
    for (let x = gridPos.x; x < gridPos.x + gridPos.w; x += 1) {
      for (let y = gridPos.y; y < gridPos.y + gridPos.h; y += 1) {
        expect(taken.has(`${x} ${y}`), `${name} lies on another panel`).toBe(false);
        taken.add(`${x} ${y}`);
      }
    }
    if (type === 'row') continue;
    expect(datasource).toEqual({ type: 'prometheus', uid: expect.stringMatching(/^\$\{datasource\}$/) });
    expect(fieldConfig?.defaults.unit).toMatch(/^(short|ops|s|bytes|percentunit)$/);
    expect(targets.length).toBeGreaterThan(0);
    expect(new Set(targets.map(({ refId }) => refId)).size).toBe(targets.length);
    for (const { expr } of targets) expect(expr).toContain('instance=~"$instance"');
  }
});

interface Dashboard {
  readonly title: string;
  readonly uid: string;
  readonly schemaVersion: number;
  readonly templating: {
    readonly list: readonly {
      readonly name: string;
      readonly type: string;
      readonly query: string | { readonly query: string };
    }[];
  };
  readonly panels: readonly {
    readonly id: number;
    readonly type: string;
    readonly title: string;
    readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
    readonly datasource?: unknown;
    readonly fieldConfig?: { readonly defaults: { readonly unit: string } };
    readonly targets?: readonly { readonly refId: string; readonly expr: string }[];
  }[];
}

function dashboard(): Dashboard {
  return JSON.parse(readFileSync(join(docs, 'grafana/apex.json'), 'utf8')) as Dashboard;
}

function labelsOf(rows: ReadonlyMap<string, Row>, name: string): readonly string[] {
  return (rows.get(name) ?? rows.get(name.replace(/_(bucket|sum|count)$/, '')))?.labels ?? [];
}
