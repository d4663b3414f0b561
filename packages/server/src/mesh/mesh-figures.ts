import { counter, type Figure, gauge, sample } from '../figures/figure.ts';
import type { Mesh } from './mesh.ts';

/**
 * What the mesh counts, as figures. Domains are no labels: anybody can name more of them. `apexd admin mesh` tells which
 * it is.
 */
export function meshFigures(mesh: Mesh, acceptedSessions: number): readonly Figure[] {
  const { counters } = mesh;
  const peers = mesh.peers();
  const count = (isMeant: (peer: (typeof peers)[number]) => boolean): number => peers.filter(isMeant).length;
  return [
    gauge('apex_mesh_relays', 'Relays of other domains that are dealt with.', [
      sample(
        { state: 'connected' },
        count(({ sessions }) => sessions > 0),
      ),
      sample(
        { state: 'failing' },
        count(({ sessions, failure }) => sessions === 0 && failure !== undefined),
      ),
      sample(
        { state: 'idle' },
        count(({ sessions, failure }) => sessions === 0 && failure === undefined),
      ),
    ]),
    gauge('apex_mesh_sessions', 'Sessions with relays of other domains.', [
      sample({ side: 'dialled' }, mesh.dialledSessions),
      sample({ side: 'accepted' }, acceptedSessions),
    ]),
    gauge('apex_mesh_waiting', 'Data that waits for a relay of another domain.', mesh.waiting.data),
    gauge('apex_mesh_waiting_bytes', 'Octets of data that waits for one.', mesh.waiting.octets),
    counter('apex_mesh_data_total', 'Data for other domains, by what became of it.', [
      sample({ outcome: 'forwarded' }, counters.forwarded),
      sample({ outcome: 'unanswered' }, counters.unanswered),
      sample({ outcome: 'unsent' }, counters.unsent),
      sample({ outcome: 'overflowed' }, counters.overflowed),
    ]),
    counter('apex_mesh_dials_total', 'Attempts to reach a relay of another domain.', counters.dialled),
    counter('apex_mesh_dial_failures_total', 'Those of them that failed.', counters.failures),
  ];
}
