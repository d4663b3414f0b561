import { type ReactNode, useEffect, useRef } from 'react';
import { useSignedIn } from '../session/react.tsx';

interface ViewProps {
  readonly title: string;
  readonly lede: ReactNode;
  readonly children: ReactNode;
}

/** A view, whose heading names it, and gets the focus: whoever sees it has navigated, or has just signed in. */
export function View({ title, lede, children }: ViewProps) {
  const { self } = useSignedIn();
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${title} – ${self} – Apex console`;
    heading.current?.focus({ preventScroll: true });
    scrollTo(0, 0);
  }, [title, self]);
  return (
    <div className="view">
      <header>
        <h1 ref={heading} tabIndex={-1}>
          {title}
        </h1>
        <p className="lede">{lede}</p>
      </header>
      {children}
    </div>
  );
}
