// What the drivers of other libraries for Node.js share: they read commands and answer them (clients/scenarios/README.md).

import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";

/** Events that may be on their way at a time, as many as our queue holds. These libraries refuse none: they drop, or grow. */
const ROOM = 1000;

/**
 * Does what the lines of the input say. `open` gets an address and the id of a session, and returns what the library has for
 * `track`, which takes fields, and for `flush`, which may return before everything is settled. It calls `accepted` or `failed`
 * with a number of events when the library reports them.
 */
export async function drive(open) {
  let library;
  const counters = { taken: 0, accepted: 0, given_up: 0 };
  const report = {
    accepted: (events) => (counters.accepted += events),
    failed: (events) => (counters.given_up += events),
  };
  const waiting = () => counters.taken - counters.accepted - counters.given_up;
  const commands = {
    open({ endpoint, header }) {
      library = open(endpoint, header.sessionId, report);
      return { ok: true };
    },
    async track_many({ count, fields }) {
      let refused = 0;
      for (let productId = 0; productId < count; productId++) {
        while (waiting() >= ROOM) {
          refused++;
          await sleep(5);
        }
        library.track({ ...fields, productId });
        counters.taken++;
      }
      return { taken: count, refused };
    },
    async flush({ timeout_ms }) {
      const until = Date.now() + timeout_ms;
      while (waiting() > 0 && Date.now() < until) {
        await library.flush();
        if (waiting() > 0) await sleep(5);
      }
      return { settled: waiting() === 0 };
    },
    counters: () => counters,
  };
  for await (const line of createInterface({ input: process.stdin })) {
    const command = JSON.parse(line);
    let answer;
    try {
      answer = await commands[command.do](command);
    } catch (error) {
      answer = { error: error.message };
    }
    process.stdout.write(`${JSON.stringify(answer)}\n`);
  }
  process.exit();
}
