import { isIP } from 'node:net';
import { isDomain } from '@apex/protocol';
import { MESH_PORT } from '@apex/server/settings';
import * as z from 'zod';

const port = z.int().min(0).max(65_535);
const seconds = z
  .int()
  .min(1)
  .max(24 * 60 * 60);

const domain = z
  .string()
  .refine(isDomain, 'is not a domain such as example.com or [192.0.2.1]')
  .toLowerCase();

const peerSchema = z
  .strictObject({
    host: z.string().min(1).optional(),
    port: port.min(1).optional(),
    secret: z.string().min(1).optional(),
    fingerprint: z
      .string()
      .regex(
        /^([0-9a-f]{2}:?){31}[0-9a-f]{2}$/i,
        'is not the SHA-256 of a certificate, 64 hexadecimal digits',
      )
      .optional(),
    trusted: z.boolean().default(false),
    domains: z.array(domain).default([]),
    via: domain.optional(),
  })
  .refine(({ host, port }) => host !== undefined || port === undefined, {
    path: ['port'],
    message: 'belongs to a host; name that as well',
  })
  .refine(({ host, via }) => host === undefined || via === undefined, {
    path: ['via'],
    message: 'data goes to the relay of that domain, so that a host is not asked for; leave out one of them',
  });

/** Relays of other domains (docs/guides/mesh.md). */
export const meshSchema = z.strictObject({
  host: z.string().min(1).default('127.0.0.1'),
  port: port.default(MESH_PORT),
  requireTls: z.boolean().optional(),
  ca: z.string().min(1).optional(),
  discovery: z.boolean().default(true),
  resolvers: z
    .array(
      z
        .string()
        .refine(isNameServer, 'is not the address of a name server such as 192.0.2.53 or 127.0.0.1:5353'),
    )
    .min(1)
    .optional(),
  waitSeconds: seconds.max(600).default(10),
  idleSeconds: seconds.default(300),
  peers: z.record(domain, peerSchema).default({}),
});

function isNameServer(text: string): boolean {
  const [, bracketed, host = bracketed ?? ''] = /^(?:\[([^\]]*)\]|([^:]*))(?::\d{1,5})?$/.exec(text) ?? [];
  return isIP(text) !== 0 || isIP(host) !== 0;
}
