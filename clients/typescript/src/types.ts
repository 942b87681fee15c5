// The names of the contract: what goes into a client and what comes out of it.

import type { Header } from "./events/envelope.js";

/** One event, as a function of `event-grpc/events` makes it: its type and its fields as proto3 JSON. */
export type Event = { readonly [type: string]: object };

/** Whether the user agreed: `pending` keeps events in memory and sends nothing, `denied` drops them. */
export type Consent = "granted" | "pending" | "denied";

/** Why an event was not taken. */
export type Refusal = "queue_full" | "no_consent" | "closed" | "invalid" | "storage";

/** Why an event that was taken was not stored by the server. */
export type Loss = "rejected" | "refused" | "too_large" | "expired" | "consent" | "closed";

/** What `track` answers. */
export type Taken = { taken: true; id: string } | { taken: false; reason: Refusal };

/** What an event may say of itself. */
export interface About {
  /** Its id, if it has one already; otherwise a UUID version 7 is made. The same id is stored once. */
  id?: string;
  /** When it happened, in milliseconds since the epoch; now, if it is left out. */
  timestamp?: number | bigint | string | Date;
  /** Where in the client it happened. */
  currentURL?: string;
}

/** An event that was given up, and what the server said of it, if it did. */
export interface GivenUp {
  id: string;
  type: string;
  reason: Loss;
  /** The server's code, for a program to branch on. */
  code?: string;
  /** What the server said, in words for a person. */
  message?: string;
  /** The status of the HTTP answer. */
  status?: number;
}

/** Numbers since the client was opened. `taken` is `accepted`, all of `givenUp` and `queued` together, at every moment. */
export interface Counters {
  /** Events that `track` took, and those that earlier runs left in storage. */
  taken: number;
  /** Events that `track` did not take. */
  refused: Record<Refusal, number>;
  /** Events that the server accepted. */
  accepted: number;
  /** Events that were given up. */
  givenUp: Record<Loss, number>;
  /** Events in the queue now, those under way among them. */
  queued: number;
  /** Requests that were sent. */
  requests: number;
  /** Requests among them that followed a failure. */
  retries: number;
  /** Records of storage that could not be read. */
  damaged: number;
  /** Why the last request failed, in a few words; empty if it didn't. In pages it is the status, 0 if no answer came. */
  lastFailure: string;
}

/** How a client behaves; all but the endpoint have a default. */
export interface Options {
  /** The server's address, as in `https://events.example.com`. */
  endpoint: string;
  /** The write key. The one of a page is public: give it no other right than to write. */
  key?: string;
  /** Fields that hold for all events, until `setHeader`. */
  header?: Header;
  /**
   * Where events are kept. In browsers: false for memory only, or the name of a database instead of one that is named
   * after the endpoint. In Node.js: a folder; memory only, if it is left out.
   */
  storage?: string | boolean;
  /** `granted` if it is left out. */
  consent?: Consent;
  /** Allows an endpoint on `http:` that isn't loopback, although a key goes in the clear there. */
  insecure?: boolean;
  /** Is called for each event that is given up. What it throws is caught. */
  onGivenUp?: (event: GivenUp) => void;
  /** Events in the queue, 1,000. */
  maxEvents?: number;
  /** Bytes in the queue, 5,000,000. */
  maxBytes?: number;
  /** Milliseconds after which an event is given up, 7 days. */
  maxAgeMs?: number;
  /** Bytes of one event, 262,144. */
  maxEventBytes?: number;
  /** Events of one request, 50. */
  batchEvents?: number;
  /** Bytes of one request, 500,000. */
  batchBytes?: number;
  /** Milliseconds that an event waits for others to go with it, 3,000. */
  batchWaitMs?: number;
  /** Milliseconds that the pause after the first failure lasts at most, 1,000. It doubles with each further one. */
  backoffBaseMs?: number;
  /** Milliseconds that any pause lasts at most, 600,000; the server may ask for more. */
  backoffMaxMs?: number;
  /** Milliseconds until a request without a complete answer counts as failed, 30,000. */
  requestTimeoutMs?: number;
}

/** A client that runs. None of its methods throws because of the network. */
export interface Client {
  /** Takes an event, or says why not, at once. */
  track(event: Event, about?: About): Taken;
  /** Sets the fields that hold for the events that are taken from now on. */
  setHeader(header: Header): void;
  /** Changes the consent. */
  setConsent(consent: Consent): void;
  /** Stops requests, or lets them go on at once. Browsers call it by themselves. */
  setOnline(online: boolean): void;
  /** Sends all that is in the queue. True if nothing is left in it; false after `timeoutMs` (30,000), offline or without consent. */
  flush(timeoutMs?: number): Promise<boolean>;
  /** Refuses new events, flushes and ends. What is left stays in storage, or is given up as `closed`. */
  close(timeoutMs?: number): Promise<boolean>;
  /** What became of the events so far. */
  counters(): Counters;
}
