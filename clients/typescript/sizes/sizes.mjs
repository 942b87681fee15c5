// Prints what libraries add to a page: bundled for browsers and minified by esbuild, compressed by gzip -9.

import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const LIBRARIES = {
  "event-grpc": 'export { open } from "event-grpc";',
  "event-grpc, with one event": 'export { open } from "event-grpc"; export { addToCartEvent } from "event-grpc/events";',
  "event-grpc, with all events": 'export * from "event-grpc"; export * from "event-grpc/events";',
  "@snowplow/browser-tracker": 'export * from "@snowplow/browser-tracker";',
  "@segment/analytics-next": 'export { AnalyticsBrowser } from "@segment/analytics-next";',
  "posthog-js": 'export { posthog } from "posthog-js";',
};

for (const [name, contents] of Object.entries(LIBRARIES)) {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: fileURLToPath(new URL("..", import.meta.url)) },
    bundle: true,
    minify: true,
    format: "esm",
    platform: "browser",
    write: false,
    nodePaths: [fileURLToPath(new URL("node_modules", import.meta.url))],
    define: { "process.env.NODE_ENV": '"production"' },
  });
  const bytes = gzipSync(outputFiles[0].contents, { level: 9 }).length;
  console.log(`${String(bytes).padStart(8)}  ${name}`);
}
