// The client: takes events into a queue, and sends it batch by batch until the server has answered for each.

import { asked, objectIn, type Rejected } from "./answer.js";
import { bodyOf, byteLength, compose, type Divided } from "./batch.js";
import { encodeHeader, type Header } from "./events/envelope.js";
import { uuid } from "./id.js";
import { DEFAULTS } from "./options.js";
import type { Answer, Entry, Found, Platform, Stored } from "./platform.js";
import type { About, Client, Consent, Counters, Event, GivenUp, Loss, Options, Refusal, Taken } from "./types.js";

/** Bytes of one request that outlives the page, and of all of them. Browsers allow 65,536 together with the page's own. */
const LEAVING_BYTES = 30_000;
const ALL_LEAVING_BYTES = 60_000;

/** The longest time that `flush` waits, 11 days: a timer of more than 24 fires at once. */
const LONGEST_MS = 1e9;

/** A client, and what only its platform calls. */
export interface Core extends Client {
  /** Looks for what earlier runs, and pages that are gone, left in storage. */
  find(): void;
  /** Sends what may not get another chance; with `all`, also what is under way in a request that ends with the page. */
  leave(all?: boolean): void;
}

/** Starts a client. */
export function start(options: Options, { send, alone, store }: Platform): Core {
  const config = { ...DEFAULTS, ...options };
  const counters: Omit<Counters, "queued"> = {
    taken: 0,
    refused: { queue_full: 0, no_consent: 0, closed: 0, invalid: 0, storage: 0 },
    accepted: 0,
    givenUp: { rejected: 0, refused: 0, too_large: 0, expired: 0, consent: 0, closed: 0 },
    requests: 0,
    retries: 0,
    damaged: 0,
    lastFailure: "",
  };
  let header: string;
  let consent: Consent = config.consent ?? "granted";
  let online = true;
  let loaded = !store;
  let finding: Promise<void> | undefined;
  let closing: Promise<boolean> | undefined;
  let ended = false;

  let queue: Entry[] = [];
  let bytes = 0;
  let underWay: Entry[] = [];
  // How many events the batch had that failed, and is sent again as it was.
  let again = 0;
  let divided: Divided[] = [];
  // What is under way in requests that outlive the page.
  let leaving: Entry[] = [];

  let busy = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  // The pause ends at `until`, which `flush` cuts short, but not before `floor`, which the server asked for.
  let until = 0;
  let floor = 0;
  let failures = 0;
  let failed = false;
  const waiting = new Set<() => void>();

  const most = () => divided.at(-1)?.most ?? config.batchEvents;
  const isStopped = () => ended || !online || consent !== "granted";

  /** An event as it is in the queue behind another one. A header counts once for all in a row that have it. */
  function enter(one: Stored, before?: Stored): Entry {
    const size = byteLength(one.body);
    return {
      ...one,
      size,
      weight: before?.header === one.header ? size : size + byteLength(one.header),
      due: performance.now() + Math.min(one.at - Date.now(), 0) + config.batchWaitMs,
    };
  }

  function track(event: Event, { id, timestamp, currentURL }: About = {}): Taken {
    const at = Date.now();
    const key = uuid();
    id ||= key;
    let type, body;
    try {
      [type] = Object.keys(event);
      body = JSON.stringify({ id, timestamp: String(timestamp?.valueOf() ?? at), currentURL, ...event });
    } catch {
      // What has no JSON is refused below.
    }
    const entry = enter({ key, at, id, type: type!, header, body: body! }, queue.at(-1));
    const reason: Refusal | false =
      (closing && "closed") ||
      (consent === "denied" && "no_consent") ||
      ((!type || !body || entry.size > config.maxEventBytes) && "invalid") ||
      ((queue.length >= config.maxEvents || bytes + entry.weight > config.maxBytes) && "queue_full");
    if (reason) return refuse(reason);
    if (consent === "granted" && store?.add(entry) === false) return refuse("storage");
    queue.push(entry);
    bytes += entry.weight;
    counters.taken++;
    wake();
    return { taken: true, id };
  }

  function refuse(reason: Refusal): Taken {
    counters.refused[reason]++;
    return { taken: false, reason };
  }

  /** Sends, or sets the timer for it. To be called whenever something changed. */
  function wake(): void {
    clearTimeout(timer);
    waiting.forEach((check) => check());
    if (busy || leaving.length || !loaded || isStopped() || !queue.length) return;
    const { length } = compose(queue, most(), config.batchBytes);
    const ready = waiting.size || again || length >= most() || length < queue.length;
    const wait = Math.max(floor, until, ready ? 0 : queue[0]!.due) - performance.now();
    if (wait > 0) {
      timer = setTimeout(wake, wait);
      // In Node.js a timer would keep the process from ending.
      (timer as { unref?: () => void }).unref?.();
      return;
    }
    busy = true;
    void alone(sendNext).finally(() => {
      busy = false;
      underWay = [];
      wake();
    });
  }

  /** Sends one batch: the one that failed, as it was, or a new one. */
  async function sendNext(): Promise<void> {
    // All this may have changed while another tab was sending.
    if (leaving.length || isStopped()) return;
    const oldest = Date.now() - config.maxAgeMs;
    giveUp(queue.filter((entry) => entry.at < oldest), "expired");
    underWay = compose(queue, again || most(), config.batchBytes);
    if (underWay.length) await request(underWay);
  }

  async function request(batch: Entry[], keepalive?: boolean): Promise<void> {
    counters.requests++;
    if (failed) counters.retries++;
    const answer = await send({ body: bodyOf(batch), keepalive, timeoutMs: config.requestTimeoutMs });
    // Nothing changes if consent was denied meanwhile, the client has ended, or another request has brought the answer.
    if (!ended && batch.some((entry) => !entry.settled)) answered(batch, answer);
  }

  function answered(batch: Entry[], answer: Answer): void {
    const { status, text } = answer;
    const said = objectIn(text);
    const why = `status ${status}`;
    again = 0;
    failed = false;
    // A captive portal says 200 too, but nothing like this.
    if (status === 200 && said.status === "SUCCESS") {
      const rejected = ([] as Rejected[]).concat(said.rejected ?? []);
      const accepted: Entry[] = [];
      batch.forEach((entry, index) => {
        // Zeros may be left out.
        const one = rejected.find((one) => (one?.index ?? 0) === index);
        if (!one) accepted.push(entry);
        else if (one.retryable === true) failed = true;
        else giveUp([entry], "rejected", { code: one.code, message: one.reason, status });
      });
      counters.accepted += drop(accepted).length;
      if (!failed) failures = 0;
    } else if (!/ 4(?!08|29)/.test(why)) {
      // No answer is status 0.
      failed = true;
      again = batch.length;
    } else if (status === 413 && batch.length > 1) {
      divided.push({ left: batch.length, most: batch.length >> 1 });
    } else {
      giveUp(batch, status === 413 ? "too_large" : "refused", { message: said.message ?? text.slice(0, 1000), status });
    }
    counters.lastFailure = again ? why : "";
    if (failed) {
      const now = performance.now();
      until = now + Math.random() * Math.min(config.backoffMaxMs, config.backoffBaseMs * 2 ** failures++);
      floor = now + asked(answer.retryAfter);
    }
  }

  /** Takes those entries out of the queue that are still in it, and returns them. */
  function drop(entries: Entry[]): Entry[] {
    const dropped = entries.filter((entry) => !entry.settled);
    for (const entry of dropped) {
      entry.settled = true;
      bytes -= entry.weight;
    }
    if (dropped.length) {
      queue = queue.filter((entry) => !entry.settled);
      divided = divided.filter((one) => (one.left -= dropped.length) > 0);
      store?.remove(dropped);
    }
    return dropped;
  }

  function giveUp(entries: Entry[], reason: Loss, why?: Partial<GivenUp>): void {
    const lost = drop(entries);
    counters.givenUp[reason] += lost.length;
    for (const { id, type } of lost) {
      try {
        config.onGivenUp?.({ id, type, reason, ...why });
      } catch {
        // An error of the application's own changes nothing here.
      }
    }
  }

  function find(): void {
    if (consent === "pending" || ended) return;
    finding = store?.adopt().catch(() => ({})).then(admit);
  }

  /** Puts what earlier runs left at the front of the queue. */
  function admit({ found = [], damaged = 0 }: Partial<Found>): void {
    const entries = found.map((one, index) => {
      const entry = enter(one, found[index - 1]);
      bytes += entry.weight;
      return { ...entry, saved: true };
    });
    queue.unshift(...entries);
    counters.taken += entries.length;
    counters.damaged += damaged;
    loaded = true;
    if (consent === "denied") giveUp(queue, "consent");
    wake();
  }

  function leave(all?: boolean): void {
    if (isStopped() || performance.now() < floor) return;
    let rest = queue.filter((entry) => !leaving.includes(entry) && (all || !underWay.includes(entry)));
    for (let batch: Entry[]; (batch = compose(rest, most(), LEAVING_BYTES)).length; rest = rest.slice(batch.length)) {
      const together = [...leaving, ...batch];
      if (byteLength(bodyOf(batch)) > LEAVING_BYTES || byteLength(bodyOf(together)) > ALL_LEAVING_BYTES) continue;
      leaving = together;
      void request(batch, true).then(() => {
        leaving = leaving.filter((entry) => !batch.includes(entry));
        wake();
      });
    }
  }

  function setHeader(fields: Header = {}): void {
    header = JSON.stringify(encodeHeader(fields));
  }

  function setConsent(next: Consent): void {
    if (next === "denied") giveUp(queue, "consent");
    // What was taken while consent was pending is neither saved nor on its way there.
    if (next === "granted") queue.forEach((entry) => entry.saved ?? store?.add(entry));
    consent = next;
    find();
    wake();
  }

  function setOnline(next: boolean): void {
    if (next && !online) {
      until = 0;
      queue.forEach((entry) => (entry.due = 0));
    }
    online = next;
    wake();
  }

  function flush(timeoutMs = 30_000): Promise<boolean> {
    return new Promise((resolve) => {
      const check = (late?: boolean) => {
        const empty = loaded && !queue.length;
        if (!empty && !isStopped() && !late) return;
        clearTimeout(limit);
        waiting.delete(check);
        resolve(empty);
      };
      // This timer may keep a process alive: somebody waits for it.
      const limit = setTimeout(check, Math.min(timeoutMs, LONGEST_MS), true);
      waiting.add(check);
      until = 0;
      wake();
    });
  }

  async function end(settled: boolean): Promise<boolean> {
    await finding;
    ended = true;
    wake();
    await store?.close();
    giveUp(queue.filter((entry) => !entry.saved), "closed");
    return settled;
  }

  setHeader(config.header);
  find();

  return {
    track,
    setHeader,
    setConsent,
    setOnline,
    flush,
    close: (timeoutMs) => (closing ??= flush(timeoutMs).then(end)),
    counters: () => structuredClone({ ...counters, queued: queue.length }),
    find,
    leave,
  };
}
