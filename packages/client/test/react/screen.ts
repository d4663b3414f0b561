import { type ReactNode, version } from 'react';
import createReconciler from 'react-reconciler';
import { ConcurrentRoot, DefaultEventPriority, NoEventPriority } from 'react-reconciler/constants.js';

/** What React draws on: a tree of texts, whose elements have no properties. */
interface Group {
  readonly children: (Group | Line)[];
}
interface Line {
  text: string;
}
interface Root extends Group {
  readonly drawn: () => void;
}

const CONTEXT = {};
let priority: number = NoEventPriority;
const nothing = (): void => {};
const add = (parent: Group, child: Group | Line): void => {
  remove(parent, child);
  parent.children.push(child);
};
const remove = (parent: Group, child: Group | Line): void => {
  const index = parent.children.indexOf(child);
  if (index !== -1) parent.children.splice(index, 1);
};
const insert = (parent: Group, child: Group | Line, before: Group | Line): void => {
  remove(parent, child);
  parent.children.splice(parent.children.indexOf(before), 0, child);
};

const reconciler = createReconciler({
  rendererVersion: version,
  rendererPackageName: '@apex/client',
  extraDevToolsConfig: null,
  supportsMutation: true,
  supportsPersistence: false,
  supportsHydration: false,
  isPrimaryRenderer: true,
  noTimeout: -1 as const,
  scheduleTimeout: setTimeout,
  cancelTimeout: clearTimeout,
  createInstance: (): Group => ({ children: [] }),
  createTextInstance: (text: string): Line => ({ text }),
  appendInitialChild: add,
  appendChild: add,
  appendChildToContainer: add,
  insertBefore: insert,
  insertInContainerBefore: insert,
  removeChild: remove,
  removeChildFromContainer: remove,
  clearContainer: ({ children }: Root) => void children.splice(0),
  commitTextUpdate(line: Line, _: string, text: string) {
    line.text = text;
  },
  commitUpdate: nothing,
  finalizeInitialChildren: () => false,
  shouldSetTextContent: () => false,
  getRootHostContext: () => CONTEXT,
  getChildHostContext: () => CONTEXT,
  getPublicInstance: (instance: unknown) => instance,
  prepareForCommit: () => null,
  resetAfterCommit: (root: Root) => root.drawn(),
  preparePortalMount: nothing,
  detachDeletedInstance: nothing,
  beforeActiveInstanceBlur: nothing,
  afterActiveInstanceBlur: nothing,
  prepareScopeUpdate: nothing,
  getInstanceFromScope: () => null,
  getInstanceFromNode: () => null,
  setCurrentUpdatePriority(next: number) {
    priority = next;
  },
  getCurrentUpdatePriority: () => priority,
  resolveUpdatePriority: () => (priority === NoEventPriority ? DefaultEventPriority : priority),
  trackSchedulerEvent: nothing,
  resolveEventType: () => null,
  resolveEventTimeStamp: () => -1.1,
  shouldAttemptEagerTransition: () => false,
  requestPostPaintCallback: nothing,
  resetFormInstance: nothing,
  maySuspendCommit: () => false,
  maySuspendCommitOnUpdate: () => false,
  maySuspendCommitInSyncRender: () => false,
  preloadInstance: () => true,
  startSuspendingCommit: () => null,
  getSuspendedCommitReason: () => null,
  bindToConsole: (method: 'log', words: unknown[]) => console[method].bind(console, ...words),
  suspendInstance: nothing,
  suspendOnActiveViewTransition: nothing,
  waitForCommitToBeReady: () => null,
  NotPendingTransition: null,
  HostTransitionContext: { $$typeof: Symbol.for('react.context'), _currentValue: null } as never,
});

/** Components without a page: React draws them as text, as a browser would, and the test reads it. */
export class Screen {
  readonly #root: Root = { children: [], drawn: () => this.#wake() };
  readonly #container: ReturnType<typeof reconciler.createContainer>;
  readonly #errors: unknown[] = [];
  #waiting = Promise.withResolvers<void>();

  constructor() {
    const note = (error: unknown): void => {
      this.#errors.push(error);
      this.#wake();
    };
    this.#container = reconciler.createContainer(
      this.#root,
      ConcurrentRoot,
      null,
      false,
      null,
      '',
      note,
      note,
      note,
      nothing,
      null,
    );
  }

  /** What is on it now. */
  get text(): string {
    return this.#root.children.map(textOf).join('');
  }

  draw(element: ReactNode): void {
    reconciler.updateContainer(element, this.#container, null);
  }

  /** Resolves when this is all that is on it. */
  async shows(text: string): Promise<void> {
    while (this.text !== text) await this.#next();
  }

  /** Resolves with what a component threw. */
  async error(): Promise<unknown> {
    while (this.#errors.length === 0) await this.#next();
    return this.#errors.shift();
  }

  #next(): Promise<void> {
    return this.#waiting.promise;
  }

  #wake(): void {
    this.#waiting.resolve();
    this.#waiting = Promise.withResolvers();
  }
}

function textOf(node: Group | Line): string {
  return 'text' in node ? node.text : node.children.map(textOf).join('');
}
