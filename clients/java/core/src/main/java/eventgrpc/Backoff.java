package eventgrpc;

import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;

/** The pause after failures in a row: full jitter, and a floor that the server sets. Times are of {@link System#nanoTime}. */
final class Backoff {
    private final long baseMillis;
    private final long maxMillis;
    private int failures;
    private boolean waits;
    private long until;
    private long floor;

    Backoff(long baseMillis, long maxMillis) {
        this.baseMillis = baseMillis;
        this.maxMillis = maxMillis;
    }

    /** Whether the last request failed. */
    boolean isRetrying() {
        return failures > 0;
    }

    void success() {
        failures = 0;
        waits = false;
    }

    void failure(long now, long retryAfterMillis) {
        long random = ThreadLocalRandom.current().nextLong(limitMillis() + 1);
        floor = now + TimeUnit.MILLISECONDS.toNanos(RetryAfter.bounded(retryAfterMillis));
        until = now + TimeUnit.MILLISECONDS.toNanos(random);
        if (floor - until > 0) {
            until = floor;
        }
        failures++;
        waits = true;
    }

    /** The longest pause after the failures so far. */
    private long limitMillis() {
        long limit = baseMillis;
        for (int i = 0; i < failures && limit < maxMillis; i++) {
            limit *= 2;
        }
        return Math.min(limit, maxMillis);
    }

    /** Ends the pause as soon as the server allows. */
    void cut() {
        until = floor;
    }

    /** Nanoseconds until the pause ends; 0 or less if there is none. */
    long left(long now) {
        return waits ? until - now : 0;
    }
}
