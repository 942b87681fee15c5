package eventgrpc;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/** The events that were taken and aren't settled, oldest first, in memory and in storage. Whoever calls holds the client's lock. */
final class Queue {
    /** A century: nanoseconds of more don't fit into a number. */
    private static final long OLDEST_MILLIS = TimeUnit.DAYS.toMillis(36_500);

    private final ArrayDeque<Entry> entries = new ArrayDeque<>();
    private final Storage storage;
    private final int maxEvents;
    private final long maxBytes;
    private long bytes;
    private long last;

    Queue(Options.Builder options) {
        storage = options.storage;
        maxEvents = options.maxEvents;
        maxBytes = options.maxBytes;
    }

    /** Takes over what earlier runs left; returns how many records were damaged. */
    long open() throws IOException {
        if (storage == null) {
            return 0;
        }
        Storage.Left left = storage.open();
        long now = System.currentTimeMillis();
        for (StoredEvent event : left.events()) {
            // A clock that was set back in the meantime must not make it wait for longer.
            long age = Math.max(0, Math.min(now - event.takenAtMillis(), OLDEST_MILLIS));
            add(new Entry(event, System.nanoTime() - TimeUnit.MILLISECONDS.toNanos(age), true));
        }
        return left.damaged();
    }

    /** The sequence of the event that was added last. */
    long last() {
        return last;
    }

    boolean isEmpty() {
        return entries.isEmpty();
    }

    int size() {
        return entries.size();
    }

    long bytes() {
        return bytes;
    }

    Iterable<Entry> entries() {
        return entries;
    }

    Entry first() {
        return entries.peekFirst();
    }

    Entry newest() {
        return entries.peekLast();
    }

    /** Whether there is no room for an event of so many bytes with this header. */
    boolean isFull(byte[] header, int size) {
        return entries.size() >= maxEvents || bytes + size + headerSize(header) > maxBytes;
    }

    /** Events in a row share their header; the first one that has it counts it. */
    private int headerSize(byte[] header) {
        Entry before = entries.peekLast();
        return before != null && Arrays.equals(before.event.header(), header) ? 0 : header.length;
    }

    private void add(Entry entry) {
        entry.size = entry.event.body().length + headerSize(entry.event.header());
        entries.add(entry);
        bytes += entry.size;
        last = Math.max(last, entry.event.sequence());
    }

    /** Adds an event, in storage too if it is to be kept there; false if storage can't. */
    boolean offer(Entry entry, boolean isStored) {
        if (isStored && !store(entry)) {
            return false;
        }
        add(entry);
        return true;
    }

    /** Writes to storage what only memory has. What can't be written stays in memory. */
    void storeAll() {
        for (Entry entry : entries) {
            if (!entry.stored && !store(entry)) {
                return;
            }
        }
    }

    private boolean store(Entry entry) {
        if (storage == null) {
            return true;
        }
        try {
            storage.append(entry.event);
            entry.stored = true;
            return true;
        } catch (IOException | RuntimeException full) {
            return false;
        }
    }

    /** The events that are older than this, by a clock that is never set. */
    List<Entry> olderThan(long millis, long nowNanos) {
        List<Entry> found = new ArrayList<>();
        for (Entry entry : entries) {
            if (TimeUnit.NANOSECONDS.toMillis(nowNanos - entry.takenAtNanos) > millis) {
                found.add(entry);
            }
        }
        return found;
    }

    /** All events. */
    List<Entry> all() {
        return new ArrayList<>(entries);
    }

    /** The events that the end of this process would lose. */
    List<Entry> unstored() {
        List<Entry> found = all();
        found.removeIf(entry -> entry.stored);
        return found;
    }

    /** Takes events out, of storage too. */
    void remove(Collection<Entry> gone) {
        if (gone.isEmpty()) {
            return;
        }
        Set<Entry> set = new HashSet<>(gone);
        entries.removeIf(set::contains);
        List<StoredEvent> stored = new ArrayList<>();
        for (Entry entry : gone) {
            bytes -= entry.size;
            if (entry.stored) {
                stored.add(entry.event);
            }
        }
        if (!stored.isEmpty()) {
            forget(stored);
        }
    }

    private void forget(List<StoredEvent> stored) {
        try {
            storage.remove(stored);
        } catch (IOException | RuntimeException later) {
            // Storage tries again with the next removal. At worst they are sent once more, under the same ids.
        }
    }

    void close() {
        if (storage == null) {
            return;
        }
        try {
            storage.close();
        } catch (IOException | RuntimeException nothingToDo) {
            // What was written is written.
        }
    }
}
