package eventgrpc;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Which events go out together, and when. Whoever calls holds the client's lock. */
final class Batcher {
    private final Queue queue;
    private final int maxEvents;
    private final int maxBytes;
    private final long waitNanos;
    /** The batch that is under way, or is to be sent again; null if the next one is to be formed. */
    private List<Entry> batch;
    /** Events of a batch, as long as events of a divided one are left. */
    private int limit = Integer.MAX_VALUE;

    private int divided;
    /** Events with a sequence up to this don't wait for others. */
    private long dueThrough = Long.MIN_VALUE;

    Batcher(Queue queue, Options.Builder options) {
        this.queue = queue;
        maxEvents = options.batchEvents;
        maxBytes = options.batchBytes;
        waitNanos = TimeUnit.MILLISECONDS.toNanos(options.batchWaitMillis);
    }

    /** Lets everything that is in the queue now go out as soon as it can. */
    void hurry() {
        dueThrough = queue.last();
    }

    /** Nanoseconds until the events at the front are due; 0 or less if they are. The queue isn't empty. */
    long wait(long now, boolean hurried) {
        Entry first = queue.first();
        if (hurried || batch != null || first.event.sequence() <= dueThrough) {
            return 0;
        }
        long wait = first.takenAtNanos + waitNanos - now;
        return wait <= 0 || isFull(front()) ? 0 : wait;
    }

    /** The batch to send: the one before if it wasn't settled. */
    List<Entry> next() {
        if (batch == null) {
            batch = front();
        }
        return batch;
    }

    /** Whether a batch is still the one that counts. */
    boolean isCurrent(List<Entry> sent) {
        return batch == sent;
    }

    /** The next batch is formed anew. */
    void settle() {
        batch = null;
    }

    /** The events of the batch go out in smaller ones from now on. */
    void divide() {
        for (Entry entry : batch) {
            divided += entry.divided ? 0 : 1;
            entry.divided = true;
        }
        limit = batch.size() / 2;
        batch = null;
    }

    /** Events have left the queue. */
    void removed(Collection<Entry> gone) {
        for (Entry entry : gone) {
            divided -= entry.divided ? 1 : 0;
        }
        if (divided == 0) {
            limit = Integer.MAX_VALUE;
        }
        if (batch != null && !gone.isEmpty()) {
            // A new list: the thread may be sending the old one.
            List<Entry> left = new ArrayList<>(batch);
            left.removeAll(gone);
            batch = left.isEmpty() ? null : left;
        }
    }

    /** Whether the front, which is not all of the queue, or as many events as a batch may have, can't grow. */
    private boolean isFull(List<Entry> front) {
        return front.size() < queue.size() || front.size() >= Math.min(maxEvents, limit);
    }

    /** The events at the front that fit into one request. */
    private List<Entry> front() {
        List<Entry> front = new ArrayList<>();
        byte[] header = queue.first().event.header();
        long size = Envelope.headerSize(header);
        for (Entry entry : queue.entries()) {
            size += Envelope.eventSize(entry.event);
            boolean isLarge = size > maxBytes || front.size() >= Math.min(maxEvents, limit);
            if (!front.isEmpty() && (isLarge || !Arrays.equals(header, entry.event.header()))) {
                break;
            }
            front.add(entry);
        }
        return front;
    }
}
