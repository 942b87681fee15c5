// Snowplow's tracker for Node.js.

import { buildSelfDescribingEvent, newTracker } from "@snowplow/node-tracker";
import { drive } from "./driver.mjs";

const schema = "iglu:eventgrpc/add_to_cart_event/jsonschema/1-0-0";

await drive((endpoint, sessionId, report) => {
  const tracker = newTracker(
    { namespace: "speed", appId: "speed" },
    {
      endpoint,
      bufferSize: 50,
      onRequestSuccess: (events) => report.accepted(events.length),
      onRequestFailure: ({ events, willRetry }) => willRetry || report.failed(events.length),
    },
  );
  tracker.setSessionId(sessionId);
  return {
    track: (data) => tracker.track(buildSelfDescribingEvent({ event: { schema, data } })),
    flush: () => tracker.flush(),
  };
});
