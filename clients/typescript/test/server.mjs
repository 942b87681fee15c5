// A scripted server: answers as it is told, and keeps what came.

import { createServer } from "node:http";

const CORS = {
  "access-control-allow-origin": "*",
  "access-control-allow-headers": "authorization, content-type",
  "access-control-expose-headers": "retry-after",
  "access-control-max-age": "600",
};

export const accept = ({ events }) => ({
  status: 200,
  body: JSON.stringify({ status: "SUCCESS", accepted: events.length }),
});

/**
 * Starts a server. `answer` is called with each request and gives `{ status, headers, body, delayMs }`, "hang" or "cut"; it may be
 * replaced at any time. `pages` are texts of HTML and scripts by path.
 */
export async function serve(answer = accept, pages = {}) {
  const server = { answer, requests: [], underWay: 0, most: 0 };
  const http = createServer(async (incoming, outgoing) => {
    const url = new URL(incoming.url, "http://server");
    if (incoming.method === "OPTIONS") return outgoing.writeHead(204, CORS).end();
    if (incoming.method === "GET") {
      const page = pages[url.pathname];
      const type = url.pathname.endsWith(".js") ? "text/javascript" : "text/html";
      return outgoing.writeHead(page === undefined ? 404 : 200, { "content-type": type }).end(page);
    }
    let body = "";
    for await (const chunk of incoming) body += chunk;
    const { header, events } = JSON.parse(body);
    const request = { path: url.pathname, key: url.searchParams.get("key"), headers: incoming.headers, body, header, events };
    server.requests.push(request);
    server.most = Math.max(server.most, ++server.underWay);
    const { promise, resolve } = defer();
    outgoing.on("close", () => (server.underWay--, resolve()));
    const told = await server.answer(request);
    if (told === "cut") return outgoing.destroy();
    if (told === "hang") return promise;
    if (told.delayMs) await new Promise((later) => setTimeout(later, told.delayMs));
    outgoing.writeHead(told.status, { ...CORS, ...told.headers }).end(told.body ?? "");
  });
  await new Promise((listening) => http.listen(0, "127.0.0.1", listening));
  server.url = `http://127.0.0.1:${http.address().port}`;
  server.events = () => server.requests.flatMap((request) => request.events);
  server.ids = () => server.events().map((event) => event.id);
  server.close = () => new Promise((closed) => (http.close(closed), http.closeAllConnections()));
  return server;
}

/** Waits until something is true, for 10 s at most. */
export async function until(check, what = check) {
  for (const end = Date.now() + 10_000; !(await check()); ) {
    if (Date.now() > end) throw new Error(`it never came to ${what}`);
    await new Promise((later) => setTimeout(later, 10));
  }
}

function defer() {
  let resolve;
  const promise = new Promise((given) => (resolve = given));
  return { promise, resolve };
}
