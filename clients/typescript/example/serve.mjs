// Serves the shop, and passes its events on to the server, so that the page needs no CORS. PORT and EVENT_GRPC_ENDPOINT change
// the addresses.

import { readFile } from "node:fs/promises";
import { createServer, request } from "node:http";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

const { PORT = "8080", EVENT_GRPC_ENDPOINT = "http://127.0.0.1:8019" } = process.env;

// The shop is bundled by the library's own esbuild.
const { build } = createRequire(new URL("../package.json", import.meta.url))("esbuild");
const here = (name) => fileURLToPath(new URL(name, import.meta.url));
const bundle = () => build({ entryPoints: [here("shop.ts")], bundle: true, minify: true, format: "esm", write: false });

const server = createServer(async (incoming, outgoing) => {
  const path = incoming.url.split("?")[0];
  if (path === "/event/dispatch") return passOn(incoming, outgoing);
  try {
    if (path === "/") return outgoing.writeHead(200, { "content-type": "text/html" }).end(await readFile(here("index.html")));
    if (path !== "/shop.js") return outgoing.writeHead(404).end();
    const { outputFiles } = await bundle();
    outgoing.writeHead(200, { "content-type": "text/javascript" }).end(outputFiles[0].contents);
  } catch (error) {
    outgoing.writeHead(500).end(String(error));
  }
});

function passOn(incoming, outgoing) {
  const { authorization = "" } = incoming.headers;
  const headers = { "content-type": "application/json", ...(authorization && { authorization }) };
  const onward = request(`${EVENT_GRPC_ENDPOINT}${incoming.url}`, { method: incoming.method, headers }, (answer) => {
    outgoing.writeHead(answer.statusCode, answer.headers);
    answer.pipe(outgoing);
  });
  onward.on("error", () => outgoing.writeHead(503).end());
  incoming.pipe(onward);
}

server.listen(+PORT, "127.0.0.1", () => console.log(`The shop is at http://127.0.0.1:${PORT}, its events go to ${EVENT_GRPC_ENDPOINT}`));
