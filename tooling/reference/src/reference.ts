import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  Application,
  type DeclarationReflection,
  Logger,
  LogLevel,
  type ProjectReflection,
  ReflectionKind,
  type TypeDocOptions,
} from 'typedoc';

/**
 * The reference: a page for each public name of the packages, from their docstrings. What is public is what the
 * `exports` of the package.json files lead to. TypeDoc needs the compiler of TypeScript 6, which this package has for
 * itself.
 */
const root = join(import.meta.dirname, '../../..');
const packages = ['beep', 'protocol', 'client', 'server'] as const;

/** What can be imported: `@apex/client/tcp`, with the file that it leads to. */
export interface Entry {
  readonly specifier: string;
  readonly file: string;
}

/** What the docstrings of the packages say. */
export interface Reference {
  /** Public names by what they are imported from. */
  readonly names: ReadonlyMap<string, readonly string[]>;
  /** A link that leads nowhere, a public name without a docstring: one line each. */
  readonly problems: readonly string[];
  /** Writes the pages into a folder, which is emptied first. */
  write(folder: string): Promise<void>;
}

/** Reads the sources of these entries; default: those of all packages. Throws when the compiler cannot. */
export async function readReference(
  entries: readonly Entry[] = packages.flatMap(entriesOf),
): Promise<Reference> {
  const options: TypeDocOptions = {
    name: 'Apex',
    basePath: root,
    entryPoints: entries.map(({ file }) => file),
    alwaysCreateEntryPointModule: true,
    tsconfig: join(import.meta.dirname, '../tsconfig.packages.json'),
    readme: 'none',
    excludeInternal: true,
    excludePrivate: true,
    excludeExternals: true,
    disableGit: true,
    disableSources: true,
    hideGenerator: true,
    // Names are documented or not as a whole: see undocumented.
    validation: { invalidLink: true, notDocumented: false, notExported: false },
  };
  const app = await Application.bootstrap(options);
  const log = new Problems();
  app.logger = log;
  const project = await app.convert();
  if (project === undefined) throw new Error(`the sources cannot be read:\n${log.problems.join('\n')}`);
  nameModules(project, entries);
  app.validate(project);
  const modules = modulesOf(project);
  return {
    names: new Map(modules.map(({ name, children = [] }) => [name, children.map((child) => child.name)])),
    problems: [...log.problems, ...modules.flatMap(undocumented)],
    write: (folder) => app.generateDocs(project, folder),
  };
}

class Problems extends Logger {
  readonly problems: string[] = [];

  override log(message: string, level: LogLevel): void {
    if (level >= LogLevel.Warn) this.problems.push(message);
  }
}

/** TypeDoc names modules by their paths. */
function nameModules(project: ProjectReflection, entries: readonly Entry[]): void {
  for (const module of modulesOf(project)) {
    const file = project.getSymbolIdFromReflection(module)?.fileName;
    const entry = entries.find((each) => each.file === file);
    if (entry !== undefined) module.name = entry.specifier;
  }
}

function modulesOf(project: ProjectReflection): readonly DeclarationReflection[] {
  return project.getChildrenByKind(ReflectionKind.Module);
}

function undocumented(module: DeclarationReflection): readonly string[] {
  return (module.children ?? [])
    .filter((child) => !child.isReference() && !isDocumented(child))
    .map((child) => `${module.name}: ${child.name} has no docstring`);
}

function isDocumented(declaration: DeclarationReflection): boolean {
  return (
    declaration.hasComment() || (declaration.signatures?.some((signature) => signature.hasComment()) ?? false)
  );
}

function entriesOf(name: string): readonly Entry[] {
  const folder = join(root, 'packages', name);
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
    readonly exports: Readonly<Record<string, string | { readonly '@apex/source': string }>>;
  };
  return Object.entries(manifest.exports).flatMap(([subpath, target]) =>
    typeof target === 'string'
      ? []
      : [{ specifier: `@apex/${name}${subpath.slice(1)}`, file: join(folder, target['@apex/source']) }],
  );
}
