import { Component, type ReactNode } from 'react';
import { Notice } from './notice.tsx';

interface MishapState {
  readonly error: Error | undefined;
}

/** Shows that a part of the page failed, instead of an empty page. The browser's console has the error as well. */
export class Mishap extends Component<{ readonly children: ReactNode }, MishapState> {
  override state: MishapState = { error: undefined };

  static getDerivedStateFromError(error: Error): MishapState {
    return { error };
  }

  override render(): ReactNode {
    const { error } = this.state;
    if (error === undefined) return this.props.children;
    return (
      <Notice tone="error" isLive>
        <p>This part of the page has failed: {error.message}</p>
        <button type="button" onClick={() => this.setState({ error: undefined })}>
          Show it again
        </button>
      </Notice>
    );
  }
}
