import { type Operation, parent } from '@apex/protocol';
import type { ServiceData } from '../../relay/ports.ts';
import { wholeMs } from '../operation-service.ts';
import { SubjectService } from '../subject-service.ts';

/** The access service (RFC 3341 §4 rule 1 and 3): the endpoint `apex=access@domain`. */
export class AccessService extends SubjectService {
  readonly name = 'access';

  protected override take(
    operation: Operation,
    { originator, recipient: service, span }: ServiceData,
  ): boolean {
    // What belongs to a subaddress belongs to the subject that is its endpoint.
    switch (operation.kind) {
      case 'query': {
        const { owner, actor, actions, transID } = operation;
        this.owner.submit(parent(owner), {
          kind: 'query',
          service,
          originator,
          transID,
          owner,
          actor,
          actions,
          span,
        });
        return true;
      }
      case 'get': {
        const { owner, actor, transID } = operation;
        this.owner.submit(parent(owner), { kind: 'get', service, originator, transID, owner, actor, span });
        return true;
      }
      case 'set': {
        const { transID, access } = operation;
        const { owner, actor, actions, lastUpdate } = access;
        this.owner.submit(parent(owner), {
          kind: 'set',
          service,
          originator,
          transID,
          span,
          access: { owner, actor, actions },
          ...(lastUpdate === undefined ? {} : { lastUpdate: { ms: wholeMs(lastUpdate) } }),
        });
        return true;
      }
      default:
        return false;
    }
  }
}
