/** The endpoint that an owner belongs to: `fred/appl=wb@example.com` -> `fred@example.com`. */
export function endpointOf(identity: string): string {
  const slash = identity.indexOf('/');
  const at = identity.lastIndexOf('@');
  return slash < 0 || slash > at ? identity : identity.slice(0, slash) + identity.slice(at);
}
