package eventgrpc;

import java.util.HashMap;
import java.util.Map;

/** The server's {@code event.Response}. */
final class Response {
    /** Names by number of {@code event.RejectCode}. */
    private static final String[] CODES = {
        "REJECT_CODE_UNSPECIFIED",
        "REJECT_CODE_MALFORMED",
        "REJECT_CODE_NO_TYPE",
        "REJECT_CODE_UNKNOWN_TYPE",
        "REJECT_CODE_BAD_TIMESTAMP",
        "REJECT_CODE_TOO_LARGE",
        "REJECT_CODE_NOT_ALLOWED",
        "REJECT_CODE_SWITCHED_OFF",
    };

    private String status = "";
    private String message = "";
    private final Map<Integer, Rejection> rejected = new HashMap<>();

    private Response() {}

    /** Reads one; null if the bytes are none. */
    static Response read(byte[] bytes) {
        Response response = new Response();
        ProtoReader reader = new ProtoReader(bytes);
        while (reader.next()) {
            switch (reader.number()) {
                case 1:
                    response.status = reader.text();
                    break;
                case 2:
                    response.message = reader.text();
                    break;
                case 3:
                    ProtoReader inner = reader.message();
                    Rejection rejection = new Rejection(inner);
                    if (inner.isBroken()) {
                        return null;
                    }
                    response.rejected.putIfAbsent(rejection.index, rejection);
                    break;
                default:
                    // Counts, warnings, and what later servers may add.
            }
        }
        return reader.isBroken() ? null : response;
    }

    boolean isSuccess() {
        return status.equals("SUCCESS");
    }

    /** What went wrong, in words; empty if nothing did. */
    String message() {
        return message;
    }

    /** What is said against the event at a place of the batch; null if nothing is. */
    Rejection rejection(int index) {
        return rejected.get(index);
    }

    /** One event that wasn't accepted. */
    static final class Rejection {
        private int index;
        private int number;
        private String reason = "";
        private boolean retryable;

        private Rejection(ProtoReader reader) {
            while (reader.next()) {
                switch (reader.number()) {
                    case 1:
                        index = (int) reader.value();
                        break;
                    case 3:
                        reason = reader.text();
                        break;
                    case 4:
                        number = (int) reader.value();
                        break;
                    case 5:
                        retryable = reader.value() != 0;
                        break;
                    default:
                        // The id, and what later servers may add.
                }
            }
        }

        String reason() {
            return reason;
        }

        /** The code's name; its number if this library doesn't know it. */
        String code() {
            return number >= 0 && number < CODES.length ? CODES[number] : Integer.toString(number);
        }

        boolean isRetryable() {
            return retryable;
        }
    }
}
