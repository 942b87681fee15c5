package eventgrpc;

/** An event that was taken and will not be stored, and why. */
public final class GivenUp {
    /** Why an event is given up. */
    public enum Reason {
        /** The server accepted others of the batch, but not this one. */
        REJECTED("rejected"),
        /** The server refused the whole batch. */
        REFUSED("refused"),
        /** The event alone is larger than the server takes. */
        TOO_LARGE("too_large"),
        /** It waited for longer than it may. */
        EXPIRED("expired"),
        /** Consent was denied. */
        CONSENT("consent"),
        /** The client was closed before the event was sent, and has no storage. */
        CLOSED("closed");

        private final String text;

        Reason(String text) {
            this.text = text;
        }

        /** The name that the contract and metrics have for it, such as {@code too_large}. */
        @Override
        public String toString() {
            return text;
        }
    }

    private final StoredEvent event;
    private final Reason reason;
    private final int status;
    private final String code;
    private final String message;

    GivenUp(StoredEvent event, Reason reason) {
        this(event, reason, 0, null, null);
    }

    GivenUp(StoredEvent event, Reason reason, int status, String code, String message) {
        this.event = event;
        this.reason = reason;
        this.status = status;
        this.code = code;
        this.message = message;
    }

    /**
     * The event's id.
     *
     * @return never null
     */
    public String getId() {
        return event.id();
    }

    /**
     * The event's type, such as {@code addToCartEvent}.
     *
     * @return never null
     */
    public String getType() {
        return event.type();
    }

    /**
     * Why it is given up.
     *
     * @return never null
     */
    public Reason getReason() {
        return reason;
    }

    /**
     * The status of the server's answer.
     *
     * @return 0 if there was none
     */
    public int getStatus() {
        return status;
    }

    /**
     * What the server says is wrong with the event, for a program to branch on, such as {@code REJECT_CODE_MALFORMED}.
     *
     * @return null if it said nothing of this event
     */
    public String getCode() {
        return code;
    }

    /**
     * What the server says is wrong, in words.
     *
     * @return null if it said nothing
     */
    public String getMessage() {
        return message;
    }

    @Override
    public String toString() {
        return getType() + " " + getId() + ": " + reason + (message == null ? "" : ": " + message);
    }
}
