package eventgrpc;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** The client's thread: one request at a time, until the client is closed. */
final class Sender implements Runnable {
    private final State state;
    private final Transport transport;
    /** Why no answer came to the last request, if none did. */
    private String error = "";

    Sender(State state, Transport transport) {
        this.state = state;
        this.transport = transport;
    }

    @Override
    public void run() {
        try {
            for (List<Entry> batch = next(); batch != null; batch = next()) {
                settle(batch, send(batch));
            }
        } catch (InterruptedException closed) {
            // Only the client has this thread, and interrupts it when it is closed.
        }
    }

    /** Waits for a batch that is due; null once the client is closed. */
    private List<Entry> next() throws InterruptedException {
        while (true) {
            List<GivenUp> expired;
            state.lock.lock();
            try {
                awaitDue();
                if (state.ended) {
                    return null;
                }
                List<Entry> old = state.queue.olderThan(state.options.maxAgeMillis, System.nanoTime());
                if (old.isEmpty()) {
                    state.tally.requests++;
                    state.tally.retries += state.backoff.isRetrying() ? 1 : 0;
                    return state.batcher.next();
                }
                expired = state.giveUp(old, GivenUp.Reason.EXPIRED);
            } finally {
                state.lock.unlock();
            }
            state.tell(expired);
        }
    }

    private void awaitDue() throws InterruptedException {
        while (!state.ended) {
            long now = System.nanoTime();
            long pause = state.backoff.left(now);
            if (state.queue.isEmpty() || !state.maySend()) {
                state.wantsEvents = state.maySend();
                state.changed.await();
            } else if (pause > 0) {
                state.changed.awaitNanos(pause);
            } else {
                long wait = state.batcher.wait(now, state.flushing > 0);
                if (wait <= 0) {
                    break;
                }
                state.wantsEvents = true;
                state.changed.awaitNanos(wait);
            }
            state.wantsEvents = false;
        }
    }

    /** Null if no answer came. */
    private Answer send(List<Entry> batch) {
        List<StoredEvent> events = new ArrayList<>(batch.size());
        for (Entry entry : batch) {
            events.add(entry.event);
        }
        try {
            return transport.send(Envelope.request(events.get(0).header(), events), state.options.requestTimeoutMillis);
        } catch (IOException | RuntimeException noAnswer) {
            String said = noAnswer.getMessage();
            error = said == null ? noAnswer.getClass().getSimpleName() : state.options.hidden(said);
            return null;
        }
    }

    private void settle(List<Entry> batch, Answer answer) {
        List<GivenUp> given = new ArrayList<>();
        state.lock.lock();
        try {
            // Consent may have been denied, or the client closed, in the meantime.
            if (state.ended || !state.batcher.isCurrent(batch)) {
                return;
            }
            state.tally.lastFailure = answer == null ? "no answer: " + error : answer.failure();
            if (answer == null) {
                state.backoff.failure(System.nanoTime(), 0);
            } else if (answer.isFailure()) {
                state.backoff.failure(System.nanoTime(), answer.retryAfterMillis());
            } else if (answer.success() != null) {
                accept(batch, answer, given);
            } else if (answer.status() == 413 && batch.size() > 1) {
                state.batcher.divide();
            } else {
                refuse(batch, answer, given);
            }
            state.count(given);
        } finally {
            state.lock.unlock();
        }
        state.tell(given);
    }

    /** Settles what the server took, and what it said of each other event. */
    private void accept(List<Entry> batch, Answer answer, List<GivenUp> given) {
        Response response = answer.success();
        List<Entry> gone = new ArrayList<>(batch.size());
        for (int index = 0; index < batch.size(); index++) {
            Entry entry = batch.get(index);
            Response.Rejection rejection = response.rejection(index);
            if (rejection == null) {
                state.tally.accepted++;
                gone.add(entry);
            } else if (!rejection.isRetryable()) {
                given.add(new GivenUp(
                        entry.event, GivenUp.Reason.REJECTED, answer.status(), rejection.code(), state.options.hidden(rejection.reason())));
                gone.add(entry);
            }
        }
        if (gone.size() == batch.size()) {
            state.backoff.success();
        } else {
            state.backoff.failure(System.nanoTime(), answer.retryAfterMillis());
        }
        state.batcher.settle();
        state.remove(gone);
    }

    private void refuse(List<Entry> batch, Answer answer, List<GivenUp> given) {
        GivenUp.Reason reason = answer.status() == 413 ? GivenUp.Reason.TOO_LARGE : GivenUp.Reason.REFUSED;
        for (Entry entry : batch) {
            given.add(new GivenUp(entry.event, reason, answer.status(), null, answer.message()));
        }
        state.batcher.settle();
        state.remove(batch);
    }
}
