// The client of Node.js: a queue in memory or in a folder, and timers and sockets that don't keep the process from ending.

import { start } from "./client.js";
import { requesting } from "./http.js";
import { journal } from "./journal.js";
import { address } from "./options.js";
import type { Client, Options } from "./types.js";

export type * from "./types.js";
export type { Int64 } from "./encode.js";

/** Opens a client. Throws if the endpoint isn't one, or if another process uses the folder of `storage`. */
export function open(options: Options): Client {
  const { send, end } = requesting(address(options), options.key);
  const { storage } = options;
  if (storage === true) throw new TypeError("event-grpc: storage is a folder in Node.js");
  const store = storage ? journal(storage) : undefined;
  const alone = (task: () => Promise<void>) => task();
  const core = start(options, { send, alone, store });
  return { ...core, close: (timeoutMs) => core.close(timeoutMs).finally(end) };
}
