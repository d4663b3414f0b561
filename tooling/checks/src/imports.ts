import { existsSync, globSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { join, posix } from 'node:path';
import type { BrowserPackage, Layer, PackageRule } from './import-table.ts';
import { moduleImports } from './module-imports.ts';

/** What a rule says about files is known from their paths alone, so no import has to be resolved on disk. */
export interface ImportRules {
  readonly packages: readonly PackageRule[];
  readonly configurationPackages: readonly string[];
  readonly browserPackages: readonly BrowserPackage[];
}

interface Manifest {
  readonly exports?: Readonly<Record<string, unknown>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

interface WorkspacePackage {
  readonly rule: PackageRule;
  readonly manifest: Manifest;
  /** Path below the package's folder -> specifiers. */
  readonly files: ReadonlyMap<string, readonly string[]>;
}

/** Returns one line for each import that breaks a rule; empty when all is well. */
export function checkImports(root: string, rules: ImportRules): readonly string[] {
  const packages = new Map<string, WorkspacePackage>();
  for (const rule of rules.packages) {
    if (existsSync(join(root, rule.folder, 'package.json'))) {
      packages.set(rule.name, readPackage(root, rule));
    }
  }
  const problems: string[] = [];
  for (const workspacePackage of packages.values()) {
    problems.push(...checkManifest(workspacePackage, rules));
    for (const [file, specifiers] of workspacePackage.files) {
      for (const specifier of specifiers) {
        const problem = checkImport(workspacePackage, file, specifier, packages, rules);
        if (problem !== undefined) {
          problems.push(`${workspacePackage.rule.folder}/${file}: ${problem}`);
        }
      }
    }
    problems.push(...findUnplaced(workspacePackage), ...findCycles(workspacePackage));
    for (const entry of workspacePackage.rule.browserEntries) {
      problems.push(...checkBrowserEntry(workspacePackage, `src/${entry}`, packages, rules));
    }
  }
  return problems;
}

function readPackage(root: string, rule: PackageRule): WorkspacePackage {
  const folder = join(root, rule.folder);
  const files = new Map<string, readonly string[]>();
  for (const found of globSync('{src,test}/**/*.{ts,tsx}', { cwd: folder }).sort()) {
    const file = found.replaceAll('\\', '/');
    if (!file.includes('/fixtures/')) {
      files.set(file, moduleImports(file, readFileSync(join(folder, file), 'utf8')));
    }
  }
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;
  return { rule, manifest, files };
}

function checkManifest({ rule, manifest }: WorkspacePackage, rules: ImportRules): readonly string[] {
  const known = new Set([...rules.packages.map(({ name }) => name), ...rules.configurationPackages]);
  const dependencies = Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies });
  const allowedInTests = [...rule.imports, ...rule.testImports, ...rules.configurationPackages];
  return [
    ...dependencies.filter((name) => known.has(name) && !rule.imports.includes(name)),
    ...Object.keys(manifest.devDependencies ?? {}).filter(
      (name) => known.has(name) && !allowedInTests.includes(name),
    ),
  ].map((name) => `${rule.folder}/package.json: depends on ${name}, which the table does not allow`);
}

function checkImport(
  importer: WorkspacePackage,
  file: string,
  specifier: string,
  packages: ReadonlyMap<string, WorkspacePackage>,
  rules: ImportRules,
): string | undefined {
  const inSources = file.startsWith('src/');
  if (specifier.startsWith('.')) {
    const target = resolveRelative(file, specifier);
    if (target.startsWith('../')) {
      return `reaches out of the package with '${specifier}'; import the package by its name`;
    }
    if (inSources && !target.startsWith('src/')) {
      return `imports '${specifier}', which is not a source`;
    }
    return inSources ? checkLayers(importer.rule, file.slice(4), target.slice(4)) : undefined;
  }
  if (isBuiltin(specifier)) {
    return undefined;
  }
  const name = packageName(specifier);
  const { dependencies = {}, peerDependencies = {}, devDependencies = {} } = importer.manifest;
  const takesDevelopment = !inSources || importer.rule.isBundled === true;
  if (!(name in dependencies || name in peerDependencies || (takesDevelopment && name in devDependencies))) {
    return `imports '${specifier}', but package.json has no ${takesDevelopment ? 'development ' : ''}dependency on ${name}`;
  }
  const target = packages.get(name);
  if (target === undefined) {
    return undefined;
  }
  const { imports, testImports } = importer.rule;
  const allowed = [...imports, ...(inSources ? [] : [...testImports, ...rules.configurationPackages])];
  if (!allowed.includes(name)) {
    return `imports '${specifier}', which the table does not allow`;
  }
  const subpath = `.${specifier.slice(name.length)}`;
  if (!(subpath in (target.manifest.exports ?? {}))) {
    return `imports '${specifier}', which ${name} does not export`;
  }
  return undefined;
}

function checkLayers(rule: PackageRule, file: string, target: string): string | undefined {
  const own = layerOf(rule, file);
  const other = layerOf(rule, target);
  if (own === -1 || other === -1 || own === other) {
    return undefined;
  }
  if (other > own) {
    return `imports ${target}, which stands below it: declare a port and let the far side implement it`;
  }
  const { seenBy } = rule.layers[other] as Layer;
  if (seenBy !== undefined && !seenBy.some((pattern) => fits(pattern, file))) {
    return `imports ${target}, which is for ${seenBy.join(', ') || 'nobody inside'} alone`;
  }
  return undefined;
}

function findUnplaced({ rule, files }: WorkspacePackage): readonly string[] {
  if (rule.layers.length === 0) {
    return [];
  }
  return [...files.keys()]
    .filter((file) => file.startsWith('src/') && layerOf(rule, file.slice(4)) === -1)
    .map((file) => `${rule.folder}/${file}: has no place in tooling/checks/src/import-table.ts`);
}

/** Type imports count: a cycle of types is a cycle in what a reader must know first. */
function findCycles({ rule, files }: WorkspacePackage): readonly string[] {
  const cycles: string[] = [];
  const done = new Set<string>();
  const path: string[] = [];
  const visit = (file: string): void => {
    const start = path.indexOf(file);
    if (start !== -1) {
      cycles.push(`${rule.folder}: import cycle ${[...path.slice(start), file].join(' -> ')}`);
      return;
    }
    if (done.has(file)) {
      return;
    }
    path.push(file);
    for (const specifier of files.get(file) ?? []) {
      if (specifier.startsWith('.')) {
        visit(resolveRelative(file, specifier));
      }
    }
    path.pop();
    done.add(file);
  };
  for (const file of files.keys()) {
    visit(file);
  }
  return cycles;
}

function checkBrowserEntry(
  entryPackage: WorkspacePackage,
  entry: string,
  packages: ReadonlyMap<string, WorkspacePackage>,
  rules: ImportRules,
): readonly string[] {
  const problems: string[] = [];
  const seen = new Set<string>();
  const allowed = rules.browserPackages
    .filter(({ only }) => only === undefined || only.includes(`${entryPackage.rule.folder}/${entry}`))
    .map(({ name }) => name);
  const visit = (current: WorkspacePackage, file: string): void => {
    const path = `${current.rule.folder}/${file}`;
    if (seen.has(path)) {
      return;
    }
    seen.add(path);
    for (const specifier of current.files.get(file) ?? []) {
      const workspacePackage = packages.get(packageName(specifier));
      if (specifier.startsWith('.')) {
        visit(current, resolveRelative(file, specifier));
      } else if (workspacePackage !== undefined) {
        const target = sourceOf(workspacePackage, specifier);
        if (target !== undefined) {
          visit(workspacePackage, target);
        }
      } else if (isBuiltin(specifier) || !allowed.includes(packageName(specifier))) {
        problems.push(`${path}: imports '${specifier}', but ${entryPackage.rule.name} runs in browsers`);
      }
    }
  };
  visit(entryPackage, entry);
  return problems;
}

function sourceOf({ rule, manifest }: WorkspacePackage, specifier: string): string | undefined {
  const target = manifest.exports?.[`.${specifier.slice(rule.name.length)}`];
  if (typeof target === 'object' && target !== null && '@apex/source' in target) {
    return posix.normalize(String(target['@apex/source']));
  }
  return typeof target === 'string' ? posix.normalize(target) : undefined;
}

function layerOf(rule: PackageRule, file: string): number {
  let layer = -1;
  let longest = 0;
  for (const [index, { files }] of rule.layers.entries()) {
    for (const pattern of files) {
      if (pattern.length > longest && fits(pattern, file)) {
        layer = index;
        longest = pattern.length;
      }
    }
  }
  return layer;
}

function fits(pattern: string, file: string): boolean {
  return pattern.endsWith('/') ? file.startsWith(pattern) : file === pattern;
}

function resolveRelative(file: string, specifier: string): string {
  return posix.normalize(posix.join(posix.dirname(file), specifier));
}

function packageName(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}

function isBuiltin(specifier: string): boolean {
  return specifier.startsWith('node:') || builtinModules.includes(specifier);
}
