import { parseSync } from 'oxc-parser';

/** All specifiers that a module names: imports, exports from, dynamic imports, import types. */
export function moduleImports(path: string, source: string): readonly string[] {
  const { module, errors, comments } = parseSync(path, source);
  if (errors.length > 0) {
    throw new Error(`${path}: ${errors[0]?.message}`);
  }
  const specifiers = new Set<string>();
  for (const entry of module.staticImports) {
    specifiers.add(entry.moduleRequest.value);
  }
  for (const entry of module.staticExports.flatMap((statement) => statement.entries)) {
    if (entry.moduleRequest) {
      specifiers.add(entry.moduleRequest.value);
    }
  }
  // The module record leaves out `import('x').Type`; the same text serves for dynamic imports.
  for (const match of source.matchAll(/\bimport\(\s*(['"])([^'"]+)\1/g)) {
    if (!comments.some(({ start, end }) => start <= match.index && match.index < end)) {
      specifiers.add(match[2] as string);
    }
  }
  return [...specifiers];
}
