// Requests of Node.js, by its http and https modules. Their sockets don't keep the process from ending, as fetch's would.

import * as http from "node:http";
import * as https from "node:https";
import { ANSWER_BYTES, NO_ANSWER, type Answer, type Request } from "./platform.js";

/** What sends requests to this address with this key, and what ends its connection. */
export function requesting(address: string, key: string | undefined) {
  const url = new URL(address);
  const module = url.protocol === "https:" ? https : http;
  const agent = new module.Agent({ keepAlive: true, maxSockets: 1 });

  const send = ({ body, timeoutMs }: Request): Promise<Answer> =>
    new Promise((resolve) => {
      const headers = {
        "content-type": "application/json",
        "content-length": Buffer.byteLength(body),
        ...(key && { authorization: `Bearer ${key}` }),
      };
      const request = module.request(url, { method: "POST", agent, headers }, (response) => {
        const chunks: Buffer[] = [];
        let bytes = 0;
        response.on("data", (chunk: Buffer) => {
          chunks.push(chunk);
          bytes += chunk.length;
          if (bytes > ANSWER_BYTES) request.destroy();
        });
        response.on("end", () =>
          resolve({
            status: response.statusCode ?? 0,
            text: Buffer.concat(chunks).toString(),
            retryAfter: response.headers["retry-after"] ?? "",
          }),
        );
        response.on("error", () => resolve(NO_ANSWER));
      });
      const limit = setTimeout(() => request.destroy(), timeoutMs).unref();
      request.on("socket", (socket) => socket.unref());
      request.on("error", () => resolve(NO_ANSWER));
      request.on("close", () => {
        clearTimeout(limit);
        resolve(NO_ANSWER);
      });
      request.end(body);
    });

  return { send, end: () => agent.destroy() };
}
