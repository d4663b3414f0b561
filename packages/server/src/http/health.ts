import { answer, type Route } from './router.ts';

export interface Health {
  /** Whether it accepts no more sessions. */
  readonly isDraining: boolean;
  /** Whether sessions that it accepts could do anything. */
  canServe(): Promise<boolean>;
}

/** `/healthz`: the process answers. `/readyz`: it is worth sending sessions here. */
export function healthRoutes(health: Health): readonly Route[] {
  // However many ask, the store is asked once at a time.
  let asking: Promise<boolean> | undefined;
  const canServe = (): Promise<boolean> => {
    asking ??= health.canServe().finally(() => {
      asking = undefined;
    });
    return asking;
  };
  return [
    { path: '/healthz', answer: (_, response) => answer(response, 200, 'ok') },
    {
      path: '/readyz',
      async answer(_, response) {
        if (health.isDraining) answer(response, 503, 'draining');
        else if (await canServe()) answer(response, 200, 'ready');
        else answer(response, 503, 'the store does not answer');
      },
    },
  ];
}
