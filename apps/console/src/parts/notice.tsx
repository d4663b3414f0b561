import type { ReactNode } from 'react';
import { type Attempt, failureOf } from '../words/failure.ts';

interface NoticeProps {
  readonly tone: 'info' | 'warning' | 'error' | 'good';
  /** Whether it is read out when it appears. */
  readonly isLive?: boolean;
  readonly children: ReactNode;
}

export function Notice({ tone, isLive = false, children }: NoticeProps) {
  return (
    <div className={`notice ${tone}`} role={isLive ? (tone === 'error' ? 'alert' : 'status') : undefined}>
      {children}
    </div>
  );
}

interface FailureNoticeProps {
  readonly error: unknown;
  readonly attempt?: Attempt;
  /** What can be done about it. */
  readonly children?: ReactNode;
}

/** What went wrong in words, with the reply code, and the words of the server. */
export function FailureNotice({ error, attempt, children }: FailureNoticeProps) {
  const { sentence, replyCode, meaning, detail } = failureOf(error, attempt);
  return (
    <Notice tone="error" isLive>
      <p>
        {sentence}
        {replyCode !== undefined && (
          <>
            {' '}
            <span className="code">
              {replyCode} {meaning}
            </span>
          </>
        )}
      </p>
      {detail !== '' && !sentence.toLowerCase().startsWith(detail.toLowerCase()) && (
        <details>
          <summary>What the server said</summary>
          <p className="fine">{detail}</p>
        </details>
      )}
      {children}
    </Notice>
  );
}
