package eventgrpc;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/** What a client and its thread share, all of it under one lock. */
final class State {
    final ReentrantLock lock = new ReentrantLock();
    /** The thread may have something to do. */
    final Condition changed = lock.newCondition();
    /** Those who wait for the queue to become empty may have waited long enough. */
    final Condition settled = lock.newCondition();

    final Options.Builder options;
    final Queue queue;
    final Batcher batcher;
    final Backoff backoff;
    final Counters.Tally tally = new Counters.Tally();

    Consent consent;
    boolean online = true;
    /** Whether new events are refused. */
    boolean closing;
    /** Whether all activity is over. */
    boolean ended;
    /** How many wait for the queue to become empty. */
    int flushing;
    /** How many threads are telling the listener of events that were given up. */
    int telling;
    /** Whether the thread waits for events. */
    boolean wantsEvents;

    State(Options.Builder options) {
        this.options = options;
        queue = new Queue(options);
        batcher = new Batcher(queue, options);
        backoff = new Backoff(options.backoffBaseMillis, options.backoffMaxMillis);
        consent = options.consent;
    }

    /** Whether everything that was taken is settled, and told. */
    boolean isSettled() {
        return queue.isEmpty() && telling == 0;
    }

    boolean maySend() {
        return !ended && online && consent == Consent.GRANTED;
    }

    /** Takes events out of the queue. */
    void remove(Collection<Entry> gone) {
        queue.remove(gone);
        batcher.removed(gone);
    }

    /** Gives events up for a reason that the server has no part in; the result is to be told. */
    List<GivenUp> giveUp(Collection<Entry> gone, GivenUp.Reason reason) {
        List<GivenUp> given = new ArrayList<>();
        for (Entry entry : gone) {
            given.add(new GivenUp(entry.event, reason));
        }
        remove(gone);
        count(given);
        return given;
    }

    /** Counts events that are given up; {@link #tell} has to follow. */
    void count(List<GivenUp> given) {
        for (GivenUp event : given) {
            Counters.Tally.add(tally.givenUp, event.getReason());
        }
        telling++;
    }

    /** Tells the listener, without the lock, and then those who wait. */
    void tell(List<GivenUp> given) {
        for (GivenUp event : given) {
            try {
                options.onGivenUp.onGivenUp(event);
            } catch (RuntimeException | Error ofTheListener) {
                // Nothing else is to be harmed by it.
            }
        }
        lock.lock();
        try {
            telling--;
            settled.signalAll();
        } finally {
            lock.unlock();
        }
    }
}
