/** IANA's port of the relay-relay mode (RFC 3340 §8.2). */
export const MESH_PORT = 912;
