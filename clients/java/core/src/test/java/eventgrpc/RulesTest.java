package eventgrpc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashSet;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Pauses, ids and endpoints. */
class RulesTest {
    private static long pauseMillis(Backoff backoff, long retryAfterMillis) {
        backoff.failure(0, retryAfterMillis);
        return TimeUnit.NANOSECONDS.toMillis(backoff.left(0));
    }

    @Test
    void aPauseGrowsToItsLimitAndIsRandom() {
        Set<Long> pauses = new HashSet<>();
        for (int i = 0; i < 200; i++) {
            Backoff backoff = new Backoff(1_000, 600_000);
            assertTrue(pauseMillis(backoff, 0) <= 1_000);
            assertTrue(pauseMillis(backoff, 0) <= 2_000);
            for (int failure = 0; failure < 40; failure++) {
                long pause = pauseMillis(backoff, 0);
                assertTrue(pause >= 0 && pause <= 600_000, "" + pause);
                pauses.add(pause);
            }
        }
        assertTrue(pauses.size() > 1_000);
    }

    @Test
    void whatTheServerAsksForIsAFloorThatNothingCuts() {
        Backoff backoff = new Backoff(1, 2);
        assertTrue(pauseMillis(backoff, 5_000) >= 5_000);
        backoff.cut();
        assertEquals(5_000, TimeUnit.NANOSECONDS.toMillis(backoff.left(0)));
        assertEquals(3_600_000, pauseMillis(backoff, Long.MAX_VALUE));
        backoff.success();
        assertEquals(0, backoff.left(0));
        assertFalse(backoff.isRetrying());
    }

    @Test
    void retryAfterIsSecondsOrADate() {
        String now = "Wed, 21 Oct 2015 07:27:00 GMT";
        assertEquals(2_000, RetryAfter.millis("2", now));
        assertEquals(60_000, RetryAfter.millis("Wed, 21 Oct 2015 07:28:00 GMT", now));
        assertEquals(3_600_000, RetryAfter.millis("99999999999999999999", now));
        for (String none : new String[] {null, "", "-5", "soon", "1.5", "Wed, 21 Oct 2015 07:26:00 GMT", "9".repeat(500)}) {
            assertEquals(0, RetryAfter.millis(none, now), none);
        }
    }

    @Test
    void idsAreDifferentAndOfVersion7() {
        Set<String> ids = new HashSet<>();
        for (int i = 0; i < 10_000; i++) {
            UUID id = UUID.fromString(Uuid7.next(1_760_000_000_123L));
            assertEquals(7, id.version());
            assertEquals(2, id.variant());
            assertEquals(1_760_000_000_123L, id.getMostSignificantBits() >>> 16);
            ids.add(id.toString());
        }
        assertEquals(10_000, ids.size());
    }

    @Test
    void aKeyGoesInTheClearOnlyToThisMachine() {
        for (String good : new String[] {"https://a.example", "https://a.example/base/", "http://127.0.0.1:1", "http://[::1]:1", "http://localhost"}) {
            Endpoint.check(good, false);
        }
        Endpoint.check("http://10.0.2.2:8019", true);
        for (String bad : new String[] {"http://a.example", "http://127.0.0.1.example", "ftp://a", "a.example", null, "https://u:p@a", "https://a?k=1"}) {
            assertThrows(IllegalArgumentException.class, () -> Endpoint.check(bad, false), bad);
        }
        assertEquals("https://a.example/base/event/dispatch", Endpoint.url("https://a.example/base/", Wire.PATH).toString());
    }

    @Test
    void aKeyIsShownNowhere() {
        Options options = Options.to("https://a.example").key("secret").build();
        assertFalse(options.toString().contains("secret"));
        assertFalse(new HttpTransport(options.set).toString().contains("secret"));
    }
}
