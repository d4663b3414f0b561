/**
 * What the settings of a server are checked with, for those who read a configuration and run no server: it loads
 * nothing of one.
 */
export { defaultMechanisms, type MechanismName } from './credentials/mechanism-names.ts';
export { originOf } from './http/origin.ts';
export { MESH_PORT } from './mesh/port-number.ts';
