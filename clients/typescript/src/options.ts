// Options: their defaults, and what an endpoint may be.

import type { Options } from "./types.js";

export const DEFAULTS = {
  maxEvents: 1_000,
  maxBytes: 5_000_000,
  maxAgeMs: 7 * 86_400_000,
  maxEventBytes: 262_144,
  batchEvents: 50,
  batchBytes: 500_000,
  batchWaitMs: 3_000,
  backoffBaseMs: 1_000,
  backoffMaxMs: 600_000,
  requestTimeoutMs: 30_000,
};

/** The address that requests go to. Throws if the endpoint is none, or would carry the key in the clear. */
export function address({ endpoint, insecure }: Options): string {
  if (!(insecure ? /^https?:\/\/./ : SECURE).test(endpoint)) {
    throw TypeError("endpoint: https or loopback");
  }
  return endpoint.replace(/\/*$/, "/event/dispatch");
}

const SECURE = /^(https:\/\/.|http:\/\/(localhost|127\.[\d.]+|\[::1])(:\d+)?(\/|$))/;
