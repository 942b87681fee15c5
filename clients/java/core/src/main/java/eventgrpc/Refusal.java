package eventgrpc;

/** Why {@link EventClient#track(Event)} didn't take an event. */
public enum Refusal {
    /** The queue has as many events, or bytes, as it may. */
    QUEUE_FULL("queue_full"),
    /** Consent is denied. */
    NO_CONSENT("no_consent"),
    /** The client is closed. */
    CLOSED("closed"),
    /** The event is null or too large. */
    INVALID("invalid"),
    /** Storage failed or is full. */
    STORAGE("storage");

    private final String text;

    Refusal(String text) {
        this.text = text;
    }

    /** The name that the contract and metrics have for it, such as {@code queue_full}. */
    @Override
    public String toString() {
        return text;
    }
}
