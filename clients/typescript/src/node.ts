// The client of Node.js: a queue in memory or in a folder, and timers and sockets that don't keep the process from ending.

import { check } from "./check.js";
import { start } from "./client.js";
import { failureOf } from "./heard.js";
import { requesting } from "./http.js";
import { journal } from "./journal.js";
import { address } from "./options.js";
import type { Request } from "./platform.js";
import type { Client, GivenUp, Options } from "./types.js";

export type * from "./types.js";
export type { Int64 } from "./encode.js";

/** Opens a client. Throws if an option is wrong, or if another client uses the folder of `storage`. */
export function open(options: Options): Client {
  check(options);
  const { storage, key } = options;
  let lastFailure = "";
  let error = "";
  const http = requesting(address(options), key, (why) => (error = why));
  const send = async (request: Request) => {
    error = "";
    const answer = await http.send(request);
    lastFailure = failureOf(answer, error);
    return key && answer.status !== 200 ? { ...answer, text: answer.text.replaceAll(key, HIDDEN) } : answer;
  };
  const onGivenUp = (event: GivenUp) => options.onGivenUp?.(hidden(event, key));
  const store = storage ? journal(String(storage)) : undefined;
  const alone = (task: () => Promise<void>) => task();
  const core = start({ ...options, onGivenUp }, { send, alone, store });
  let ended = false;
  return {
    ...core,
    setConsent(next) {
      // What is in storage then is the next client's.
      if (!ended) core.setConsent(next);
    },
    counters: () => ({ ...core.counters(), lastFailure }),
    close: (timeoutMs) =>
      core.close(timeoutMs).finally(() => {
        ended = true;
        http.end();
      }),
  };
}

const HIDDEN = "[key]";

/** The same without the key, which a server might repeat in what it says, and no longer than it may be. */
function hidden(event: GivenUp, key?: string): GivenUp {
  const { message } = event;
  if (typeof message !== "string") return event;
  return { ...event, message: (key ? message.replaceAll(key, HIDDEN) : message).slice(0, 1000) };
}
