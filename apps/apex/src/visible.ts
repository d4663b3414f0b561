const SHORT: ReadonlyMap<string, string> = new Map([
  ['\n', '\\n'],
  ['\r', '\\r'],
  ['\t', '\\t'],
]);

/**
 * A line of which others may have written a part: controls (C1 as well, which JSON leaves as they are), characters
 * that turn the direction of writing or hide, and line ends are shown by their escapes. In JSON it means the same.
 * Joiners stay: scripts and emoji need them.
 */
export function visible(line: string): string {
  return line.replace(
    /(?![\u200c\u200d])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu,
    (character) => SHORT.get(character) ?? escapes(character),
  );
}

function escapes(character: string): string {
  return Array.from({ length: character.length }, (_, index) => {
    return `\\u${character.charCodeAt(index).toString(16).padStart(4, '0')}`;
  }).join('');
}
