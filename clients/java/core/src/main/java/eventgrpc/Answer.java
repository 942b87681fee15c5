package eventgrpc;

/** What a server answered, in the terms of HTTP. */
public final class Answer {
    private static final int OK = 200;

    private final int status;
    private final byte[] response;
    private final String message;
    private final long retryAfterMillis;

    private Answer(int status, byte[] response, String message, long retryAfterMillis) {
        this.status = status;
        this.response = response;
        this.message = message;
        this.retryAfterMillis = retryAfterMillis;
    }

    /**
     * The server's answer to a request that it took.
     *
     * @param response {@code event.Response} as protobuf
     * @param retryAfterMillis how long to wait before what is retryable is sent again; 0 if the server doesn't say
     * @return never null
     */
    public static Answer ok(byte[] response, long retryAfterMillis) {
        return new Answer(OK, response, "", retryAfterMillis);
    }

    /**
     * Any other answer.
     *
     * @param status the status of HTTP, or the one that means the same
     * @param message what the server says, in words
     * @param retryAfterMillis how long to wait before the request is sent again; 0 if the server doesn't say
     * @return never null
     */
    public static Answer other(int status, String message, long retryAfterMillis) {
        return new Answer(status, null, message, retryAfterMillis);
    }

    int status() {
        return status;
    }

    String message() {
        return message;
    }

    /** What isn't the server's answer says nothing of when to come back. */
    long retryAfterMillis() {
        return status >= 400 || success() != null ? retryAfterMillis : 0;
    }

    /** Why the batch is to be sent again, in a few words; empty if it isn't. */
    String failure() {
        return isFailure() ? "status " + status + (status < 400 ? ", but not the server's answer" : "") : "";
    }

    /** The server's answer; null if it isn't one that says that events were taken. */
    Response success() {
        Response read = status == OK && response != null ? Response.read(response) : null;
        return read != null && read.isSuccess() ? read : null;
    }

    /** Whether the same batch is to be sent again: what isn't a server's refusal says nothing of the events. */
    boolean isFailure() {
        boolean refused = status >= 400 && status < 500 && status != 408 && status != 429;
        return !refused && success() == null;
    }
}
