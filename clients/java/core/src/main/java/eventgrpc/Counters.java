package eventgrpc;

import java.util.Collections;
import java.util.EnumMap;
import java.util.Map;

/** What became of the events of a client since it was opened: taken = accepted + given up + queued, at every moment. */
public final class Counters {
    private final Tally tally;
    private final int queued;

    Counters(Tally tally, int queued) {
        this.tally = new Tally(tally);
        this.queued = queued;
    }

    /**
     * Events that were taken, and those found in storage at the start.
     *
     * @return their number
     */
    public long getTaken() {
        return tally.taken;
    }

    /**
     * Events that weren't taken, by reason.
     *
     * @return only reasons that occurred
     */
    public Map<Refusal, Long> getRefused() {
        return Collections.unmodifiableMap(tally.refused);
    }

    /**
     * Events that the server accepted.
     *
     * @return their number
     */
    public long getAccepted() {
        return tally.accepted;
    }

    /**
     * Events that were given up, by reason.
     *
     * @return only reasons that occurred
     */
    public Map<GivenUp.Reason, Long> getGivenUp() {
        return Collections.unmodifiableMap(tally.givenUp);
    }

    /**
     * Events in the queue now, those under way among them.
     *
     * @return their number
     */
    public int getQueued() {
        return queued;
    }

    /**
     * Requests that were sent.
     *
     * @return their number
     */
    public long getRequests() {
        return tally.requests;
    }

    /**
     * Requests among them that followed a failure.
     *
     * @return their number
     */
    public long getRetries() {
        return tally.retries;
    }

    /**
     * Records of storage that couldn't be read.
     *
     * @return their number
     */
    public long getDamaged() {
        return tally.damaged;
    }

    /**
     * Why the last request failed, in a few words for a person.
     *
     * @return empty if it didn't
     */
    public String getLastFailure() {
        return tally.lastFailure;
    }

    @Override
    public String toString() {
        return "taken=" + getTaken() + " refused=" + getRefused() + " accepted=" + getAccepted() + " given_up=" + getGivenUp()
                + " queued=" + queued + " requests=" + getRequests() + " retries=" + getRetries() + " damaged=" + getDamaged()
                + (getLastFailure().isEmpty() ? "" : " last_failure=" + getLastFailure());
    }

    /** The numbers as they grow. */
    static final class Tally {
        long taken;
        final Map<Refusal, Long> refused = new EnumMap<>(Refusal.class);
        long accepted;
        final Map<GivenUp.Reason, Long> givenUp = new EnumMap<>(GivenUp.Reason.class);
        long requests;
        long retries;
        long damaged;
        String lastFailure = "";

        Tally() {}

        Tally(Tally other) {
            taken = other.taken;
            refused.putAll(other.refused);
            accepted = other.accepted;
            givenUp.putAll(other.givenUp);
            requests = other.requests;
            retries = other.retries;
            damaged = other.damaged;
            lastFailure = other.lastFailure;
        }

        static <K> void add(Map<K, Long> counts, K key) {
            Long before = counts.get(key);
            counts.put(key, before == null ? 1 : before + 1);
        }
    }
}
