package eventgrpc;

import java.text.ParseException;
import java.text.SimpleDateFormat;
import java.util.Locale;
import java.util.TimeZone;

/** The value of {@code Retry-After}. */
final class RetryAfter {
    private static final long HOUR_MILLIS = 3_600_000;

    private RetryAfter() {}

    /** Milliseconds to wait, an hour at most; 0 if the text is null, in the past or makes no sense. */
    static long millis(String text, long nowMillis) {
        if (text == null || text.isEmpty() || text.length() > 64) {
            return 0;
        }
        return bounded(isNumber(text.trim()) ? seconds(text.trim()) : date(text, nowMillis) - nowMillis);
    }

    /** The time by the server's own clock, which the answer tells; by this one's if it doesn't. */
    static long now(String date) {
        long now = System.currentTimeMillis();
        return date == null || date.length() > 64 ? now : date(date, now);
    }

    /** An hour at most, and never less than 0. */
    static long bounded(long millis) {
        return Math.max(0, Math.min(HOUR_MILLIS, millis));
    }

    private static boolean isNumber(String text) {
        for (int i = 0; i < text.length(); i++) {
            if (text.charAt(i) < '0' || text.charAt(i) > '9') {
                return false;
            }
        }
        return !text.isEmpty();
    }

    private static long seconds(String digits) {
        return digits.length() > 9 ? HOUR_MILLIS : Long.parseLong(digits) * 1000;
    }

    private static long date(String text, long nowMillis) {
        SimpleDateFormat format = new SimpleDateFormat("EEE, dd MMM yyyy HH:mm:ss 'GMT'", Locale.US);
        format.setTimeZone(TimeZone.getTimeZone("GMT"));
        try {
            return format.parse(text.trim()).getTime();
        } catch (ParseException notADate) {
            return nowMillis;
        }
    }
}
