// Segment's library for Node.js.

import { Analytics } from "@segment/analytics-node";
import { drive } from "./driver.mjs";

await drive((host, sessionId, report) => {
  const analytics = new Analytics({ writeKey: "key", host, flushAt: 50 });
  // They come once an event was answered. A callback of track() would come 300 ms after the event, or later.
  analytics.on("track", () => report.accepted(1));
  analytics.on("error", () => report.failed(1));
  return {
    track: (properties) => analytics.track({ anonymousId: sessionId, event: "addToCartEvent", properties }),
    flush: () => analytics.flush(),
  };
});
