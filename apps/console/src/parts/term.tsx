import type { ReactNode } from 'react';

/** The word of the RFC beside the word of people, for those who learn the protocol. */
export function Term({ children }: { readonly children: ReactNode }) {
  return <span className="term">{children}</span>;
}
