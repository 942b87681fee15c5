// PostHog's library for Node.js. With the argument `plain` it doesn't compress, which it does by default.

import { PostHog } from "posthog-node";
import { drive } from "./driver.mjs";

await drive((host, sessionId, report) => {
  const disableCompression = process.argv[2] === "plain";
  const posthog = new PostHog("key", { host, flushAt: 50, maxBatchSize: 50, disableCompression });
  // It comes with all events of a flush, which is most of what the queue holds.
  posthog.on("flush", (events) => report.accepted(events.length));
  posthog.on("error", (error) => process.stderr.write(`${error}\n`));
  return {
    track: (properties) => posthog.capture({ distinctId: sessionId, event: "addToCartEvent", properties }),
    flush: () => posthog.flush(),
  };
});
