/** How a subscription or watch ended. */
export type OperationEnd =
  /** Its duration is over, or the service ended it at its own cap (code 250). */
  | { readonly kind: 'expired' }
  /** The service ended it, for the reason that the code tells, such as 537: no longer allowed. */
  | { readonly kind: 'terminated'; readonly replyCode: number; readonly text: string }
  /** The application ended it. */
  | { readonly kind: 'closed' }
  /** The client is over. */
  | { readonly kind: 'lost'; readonly error: Error };
