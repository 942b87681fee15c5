package eventgrpc;

/** An event in the queue of a client that runs. */
final class Entry {
    final StoredEvent event;
    /** {@link System#nanoTime} when it was taken; for one of an earlier run by the clock of its start. */
    final long takenAtNanos;
    /** What it counts for in the queue, in bytes. */
    int size;
    /** Whether storage has it. */
    boolean stored;
    /** Whether it was in a batch that is divided. */
    boolean divided;

    Entry(StoredEvent event, long takenAtNanos, boolean stored) {
        this.event = event;
        this.takenAtNanos = takenAtNanos;
        this.stored = stored;
    }
}
