package eventgrpc;

import java.text.ParseException;
import java.text.SimpleDateFormat;
import java.util.Locale;
import java.util.TimeZone;

/** The value of {@code Retry-After}. */
final class RetryAfter {
    private static final long HOUR_MILLIS = 3_600_000;

    private static final int LONGEST = 64;

    private RetryAfter() {}

    /**
     * Milliseconds to wait, an hour at most; 0 if the text is null, in the past or makes no sense.
     *
     * @param date the answer's own, by the clock of the server; null if it doesn't tell
     */
    static long millis(String text, String date) {
        if (text == null || text.isEmpty() || text.length() > LONGEST) {
            return 0;
        }
        if (isNumber(text.trim())) {
            return bounded(seconds(text.trim()));
        }
        long now = System.currentTimeMillis();
        long theirs = date == null || date.length() > LONGEST ? now : date(date, now);
        return bounded(date(text, theirs) - theirs);
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

    private static long date(String text, long otherwise) {
        SimpleDateFormat format = new SimpleDateFormat("EEE, dd MMM yyyy HH:mm:ss 'GMT'", Locale.US);
        format.setTimeZone(TimeZone.getTimeZone("GMT"));
        try {
            return format.parse(text.trim()).getTime();
        } catch (ParseException notADate) {
            return otherwise;
        }
    }
}
