import type { MeshSettings } from '@apex/server';
import type { Config } from './config.ts';

/** What the server is told of the mesh; `ca` is the text of the file. */
export function meshSettings({ mesh, limits }: Config, ca: string | undefined): MeshSettings | undefined {
  if (mesh === undefined) return undefined;
  const { host, port, waitSeconds, idleSeconds, ...rest } = mesh;
  return {
    ...rest,
    ca,
    listen: { host, port },
    waitMs: waitSeconds * 1000,
    idleMs: idleSeconds * 1000,
    sessionLimits: {
      messagesPerSecond: limits.meshMessagesPerSecond,
      octetsPerSecond: limits.meshOctetsPerSecond,
    },
    waiting: {
      data: limits.meshData,
      octets: limits.meshOctets,
      totalOctets: limits.meshTotalOctets,
    },
  };
}
