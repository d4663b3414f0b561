import type { SubjectOwner } from '../subject/owner.ts';
import { OperationService, type OperationServiceOptions } from './operation-service.ts';

export interface SubjectServiceOptions extends OperationServiceOptions {
  readonly owner: Pick<SubjectOwner, 'submit' | 'terminate'>;
}

/** A service whose operations are about subjects: their owner decides. */
export abstract class SubjectService extends OperationService {
  protected readonly owner: SubjectServiceOptions['owner'];

  constructor(options: SubjectServiceOptions) {
    super(options);
    this.owner = options.owner;
  }
}
