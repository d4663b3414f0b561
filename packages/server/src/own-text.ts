/**
 * The same text, in memory of its own. What is cut out of a message keeps the whole message for as long as it is kept
 * itself; so names that stay are copied.
 */
export function ownText(text: string): string {
  return Buffer.from(text).toString();
}
