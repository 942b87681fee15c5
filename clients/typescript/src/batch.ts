// Batches: which events at the front of the queue go together, and as what text.

import type { Entry } from "./platform.js";

const encoder = new TextEncoder();

/** Bytes of a text in UTF-8. */
export const byteLength = (text?: string): number => encoder.encode(text).length;

/** The entries at the front that go together: of one header, within both limits. One that is larger goes alone. */
export function compose(queue: Entry[], maxEvents: number, maxBytes: number): Entry[] {
  const header = queue[0]?.header;
  // What is around the header and the events of a body, but for one comma less than there are events.
  let bytes = byteLength(header) + 22;
  let count = 0;
  for (const entry of queue) {
    bytes += entry.size + 1;
    if (count && (count >= maxEvents || entry.header !== header || bytes > maxBytes)) break;
    count++;
  }
  return queue.slice(0, count);
}

/** The body of the request. */
export const bodyOf = (batch: Entry[]): string =>
  `{"header":${batch[0]!.header},"events":[${batch.map((entry) => entry.body)}]}`;

/** A batch that was too large: until as many events are settled, batches have at most half as many. */
export interface Divided {
  left: number;
  most: number;
}
