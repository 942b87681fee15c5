package eventgrpc;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.Collections;
import java.util.List;

/**
 * Takes events at once and sends them in batches. It may be used from any threads, virtual ones too; an app has one.
 *
 * <pre>{@code
 * EventClient client = EventClient.open(Options.to("https://events.example").key(key).build());
 * client.track(AddToCartEvent.builder().productId(42).quantity(2).build());
 * }</pre>
 */
public final class EventClient implements AutoCloseable {
    private static final Duration TIMEOUT = Duration.ofSeconds(30);
    private static final Details NONE = new Details();

    private final State state;
    private final Transport transport;
    private final Thread thread;
    private byte[] header;
    private boolean settledAtClose;

    private EventClient(Options.Builder options) {
        state = new State(options);
        transport = options.transport != null ? options.transport : new HttpTransport(options);
        header = bytes(options.header);
        thread = new Thread(new Sender(state, transport), "event-grpc");
        thread.setDaemon(true);
    }

    /**
     * Opens a client. Events that an earlier run left in storage are sent first.
     *
     * @param options how
     * @return a client that runs until it is closed or the process ends
     * @throws UncheckedIOException if storage can't be used, or is in use by another client
     */
    public static EventClient open(Options options) {
        EventClient client = new EventClient(options.set);
        State state = client.state;
        try {
            state.tally.damaged = state.queue.open();
        } catch (IOException error) {
            client.transport.close();
            throw new UncheckedIOException(error.getMessage(), error);
        }
        state.tally.taken = state.queue.size();
        client.setConsent(state.consent);
        client.thread.start();
        return client;
    }

    /**
     * Takes an event into the queue. It never waits for the network.
     *
     * @param event from {@link eventgrpc.events}
     * @return whether it was taken, and its id
     */
    public Tracked track(Event event) {
        return track(event, NONE);
    }

    /**
     * Takes an event of which the caller knows more.
     *
     * @param event from {@link eventgrpc.events}
     * @param details id, time and place; nothing if null
     * @return whether it was taken, and its id
     */
    public Tracked track(Event event, Details details) {
        long now = System.currentTimeMillis();
        Details known = details == null ? NONE : details;
        String id = known.id().isEmpty() ? Uuid7.next(now) : known.id();
        byte[] body = null;
        if (event != null) {
            String timestamp = known.timestamp().isEmpty() ? Long.toString(now) : known.timestamp();
            body = Envelope.event(event, id, timestamp, known.currentUrl());
        }
        state.lock.lock();
        try {
            Refusal refusal = refusal(body);
            if (refusal == null) {
                refusal = offer(new StoredEvent(state.queue.last() + 1, now, id, event.eventType(), header, body));
            }
            if (refusal != null) {
                Counters.Tally.add(state.tally.refused, refusal);
                return Tracked.refused(refusal);
            }
            state.tally.taken++;
            return Tracked.taken(id);
        } finally {
            state.lock.unlock();
        }
    }

    private Refusal refusal(byte[] body) {
        if (state.closing) {
            return Refusal.CLOSED;
        }
        if (state.consent == Consent.DENIED) {
            return Refusal.NO_CONSENT;
        }
        if (body == null || body.length > state.options.maxEventBytes) {
            return Refusal.INVALID;
        }
        return state.queue.isFull(header, body.length) ? Refusal.QUEUE_FULL : null;
    }

    /** Adds an event to the queue, and wakes the thread if that may make a batch due. */
    private Refusal offer(StoredEvent event) {
        Entry before = state.queue.newest();
        Entry entry = new Entry(event, System.nanoTime(), false);
        if (!state.queue.offer(entry, state.consent == Consent.GRANTED)) {
            return Refusal.STORAGE;
        }
        boolean isMore = state.queue.size() >= state.options.batchEvents || state.queue.bytes() >= state.options.batchBytes;
        if (state.wantsEvents && (isMore || before == null || before.event.header() != event.header())) {
            state.changed.signal();
        }
        return null;
    }

    /**
     * Sets the header of the events that are taken from now on.
     *
     * @param header an {@link eventgrpc.events.Header}; none if null
     */
    public void setHeader(RequestHeader header) {
        byte[] bytes = bytes(header);
        state.lock.lock();
        try {
            this.header = bytes;
        } finally {
            state.lock.unlock();
        }
    }

    private static byte[] bytes(RequestHeader header) {
        return header == null ? new byte[0] : header.toBytes();
    }

    /**
     * Says what the user allows from now on.
     *
     * @param consent see there
     */
    public void setConsent(Consent consent) {
        List<GivenUp> given;
        state.lock.lock();
        try {
            boolean isGranted = state.consent != Consent.GRANTED && consent == Consent.GRANTED;
            state.consent = consent;
            boolean isEmptied = !state.ended && consent == Consent.DENIED;
            given = state.giveUp(isEmptied ? state.queue.all() : Collections.emptyList(), GivenUp.Reason.CONSENT);
            if (!state.ended && isGranted) {
                state.queue.storeAll();
                state.batcher.hurry();
            }
            state.changed.signalAll();
        } finally {
            state.lock.unlock();
        }
        state.tell(given);
    }

    /**
     * Says whether there is a network. Without one, events are taken and wait; when it is back, they are sent at once.
     *
     * @param online true at the start
     */
    public void setOnline(boolean online) {
        state.lock.lock();
        try {
            state.online = online;
            if (online) {
                state.backoff.cut();
                state.batcher.hurry();
            }
            state.changed.signalAll();
            state.settled.signalAll();
        } finally {
            state.lock.unlock();
        }
    }

    /**
     * Waits until everything that was taken is settled, for 30 seconds at most.
     *
     * @return see {@link #flush(Duration)}
     */
    public boolean flush() {
        return flush(TIMEOUT);
    }

    /**
     * Sends what is in the queue now, and waits until it and what is taken meanwhile is settled.
     *
     * @param timeout how long at most
     * @return true when nothing is left; false when the time is over, consent isn't granted, the client is offline, or the caller's
     *     thread is interrupted
     */
    public boolean flush(Duration timeout) {
        long end = System.nanoTime() + nanos(timeout);
        state.lock.lock();
        state.flushing++;
        try {
            state.backoff.cut();
            state.changed.signalAll();
            while (!state.isSettled()) {
                long left = end - System.nanoTime();
                // The thread itself would wait in vain.
                if (left <= 0 || !state.maySend() || Thread.currentThread() == thread) {
                    return false;
                }
                state.settled.awaitNanos(left);
            }
            return true;
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            return false;
        } finally {
            state.flushing--;
            state.lock.unlock();
        }
    }

    /** A century is as good as forever, and can be counted. */
    private static long nanos(Duration timeout) {
        Duration longest = Duration.ofDays(36_500);
        return (timeout.compareTo(longest) < 0 ? timeout : longest).toNanos();
    }

    /** Closes the client as {@link #close(Duration)} does, within 30 seconds. */
    @Override
    public void close() {
        close(TIMEOUT);
    }

    /**
     * Refuses new events, sends what is left, and ends. What can't be sent stays in storage for the next run; without storage it is
     * given up.
     *
     * @param timeout how long at most
     * @return what {@link #flush(Duration)} returns; a second call returns the same
     */
    public boolean close(Duration timeout) {
        state.lock.lock();
        try {
            boolean isFirst = !state.closing;
            state.closing = true;
            if (!isFirst) {
                awaitEnd();
                return settledAtClose;
            }
        } finally {
            state.lock.unlock();
        }
        boolean settled = flush(timeout);
        List<GivenUp> given;
        state.lock.lock();
        try {
            settledAtClose = settled;
            state.ended = true;
            given = state.giveUp(state.queue.unstored(), GivenUp.Reason.CLOSED);
            state.queue.close();
            state.changed.signalAll();
        } finally {
            state.lock.unlock();
        }
        transport.close();
        if (Thread.currentThread() != thread) {
            thread.interrupt();
        }
        state.tell(given);
        return settled;
    }

    private void awaitEnd() {
        while (!state.ended && Thread.currentThread() != thread) {
            state.settled.awaitUninterruptibly();
        }
    }

    /**
     * What became of the events so far.
     *
     * @return a copy
     */
    public Counters counters() {
        state.lock.lock();
        try {
            return new Counters(state.tally, state.queue.size());
        } finally {
            state.lock.unlock();
        }
    }
}
