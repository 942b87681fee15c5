package eventgrpc;

import java.security.SecureRandom;
import java.util.UUID;

/** UUIDs of version 7 (RFC 9562): milliseconds since the epoch, then random bits. */
final class Uuid7 {
    private static final SecureRandom RANDOM = new SecureRandom();

    private Uuid7() {}

    static String next(long nowMillis) {
        long random = RANDOM.nextLong();
        long high = nowMillis << 16 | 0x7000 | random & 0xfff;
        long low = RANDOM.nextLong() & 0x3fffffffffffffffL | 0x8000000000000000L;
        return new UUID(high, low).toString();
    }
}
