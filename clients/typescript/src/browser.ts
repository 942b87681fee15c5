// The client of browsers and workers: an IndexedDB that tabs share, fetch, and what happens when the page goes.

import { start } from "./client.js";
import { fetching } from "./fetch.js";
import { uuid } from "./id.js";
import { shared } from "./indexed.js";
import { address } from "./options.js";
import type { Client, Options } from "./types.js";

export type * from "./types.js";
export type { Int64 } from "./encode.js";

/** Opens a client. Throws if the endpoint isn't one. */
export function open(options: Options): Client {
  const send = fetching(address(options), options.key);
  const { storage = true, endpoint } = options;
  const name = storage === true ? `event-grpc ${endpoint}` : storage;
  const store = name && self.indexedDB ? shared(name, uuid()) : undefined;
  const core = start(options, { send, alone: store?.alone ?? ((task) => task()), store });

  // A client that has ended does nothing when it is told any of these.
  const look = () => core.setOnline(navigator.onLine !== false);
  addEventListener("online", look);
  addEventListener("offline", look);
  look();
  if (self.document) {
    addEventListener("visibilitychange", () => (document.hidden ? core.leave() : core.find()));
    addEventListener("pagehide", () => {
      store?.release();
      core.leave(true);
    });
  }
  return core;
}
