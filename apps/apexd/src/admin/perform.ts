import type { Administration } from '@apex/server';
import { backup } from './backup.ts';
import type { Report } from './progress.ts';
import type { AdminRequest } from './requests.ts';

/** What requests are carried out on. */
export interface Administered {
  readonly administration: Administration;
  readonly dataDir: string;
}

/**
 * Carries out one request; the same whether it came over the socket or the store was opened for it. What takes long
 * reports how far it is.
 */
export async function perform(
  { administration, dataDir }: Administered,
  request: AdminRequest,
  report: Report,
): Promise<unknown> {
  switch (request.op) {
    case 'endpoint.add':
      return administration.addEndpoint(request.endpoint, request.password);
    case 'endpoint.import':
      return administration.importEndpoints(request.entries, report);
    case 'endpoint.list':
      return administration.listEndpoints();
    case 'endpoint.remove':
      return administration.removeEndpoint(request.endpoint);
    case 'endpoint.passwd':
      return administration.setPassword(request.endpoint, request.password);
    case 'access.set':
      return administration.setAccess(request.owner, request.actor, request.actions);
    case 'access.list':
      return administration.listAccess(request.owner);
    case 'access.remove':
      return administration.removeAccess(request.owner, request.actor);
    case 'presence.show':
      return administration.showPresence(request.endpoint);
    case 'presence.entries':
      return administration.exportSubject(request.endpoint);
    case 'presence.export':
      return administration.exportPage(request.after);
    case 'presence.import':
      return administration.importEntries(request.entries, request.replace);
    case 'backup':
      return backup(dataDir, request.file, request.force, report);
  }
}
