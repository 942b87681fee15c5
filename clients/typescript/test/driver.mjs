// Plays scenarios: does what each line of its input says, through the library's public interface, and answers with a line.

import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { open } from "event-grpc";
import * as events from "event-grpc/events";

let client;
let gaveUp;

const commands = {
  open({ endpoint, key, header, storage, consent, config = {} }) {
    gaveUp = [];
    const options = Object.entries(config).map(([name, value]) => [camel(name), value]);
    client = open({
      endpoint,
      key,
      header,
      storage,
      consent,
      ...Object.fromEntries(options),
      onGivenUp: (event) => gaveUp.push(event),
    });
    return { ok: true };
  },
  track: ({ event, fields, id, timestamp, currentURL }) => client.track(make(event, fields), { id, timestamp, currentURL }),
  async track_many({ count, event, fields, ids = false, pace = 0 }) {
    const answer = { taken: 0, refused: 0, ids: [] };
    while (answer.taken < count) {
      const taken = client.track(make(event, { ...fields, productId: answer.taken }));
      if (taken.taken) {
        answer.taken++;
        if (ids) answer.ids.push(taken.id);
        if (pace) await sleep(pace);
      } else if (taken.reason === "queue_full") {
        answer.refused++;
        await sleep(5);
      } else {
        return { error: `refused as ${taken.reason}` };
      }
    }
    return ids ? answer : { ...answer, ids: undefined };
  },
  header: ({ header }) => (client.setHeader(header), { ok: true }),
  consent: ({ consent }) => (client.setConsent(consent), { ok: true }),
  online: ({ online }) => (client.setOnline(online), { ok: true }),
  flush: async ({ timeout_ms }) => ({ settled: await client.flush(timeout_ms) }),
  close: async ({ timeout_ms }) => ({ settled: await client.close(timeout_ms) }),
  counters() {
    const { givenUp, lastFailure, ...counters } = client.counters();
    return { ...counters, given_up: givenUp, last_failure: lastFailure, gave_up: gaveUp };
  },
  sleep: async ({ ms }) => (await sleep(ms), { ok: true }),
};

/** The event of this member of the wire's: its function has the same name in the style of the language. */
const make = (event, fields) => events[event[0].toLowerCase() + event.slice(1)](fields);

const camel = (name) => name.replace(/_(.)/g, (_, letter) => letter.toUpperCase());

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
