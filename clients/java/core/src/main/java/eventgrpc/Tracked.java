package eventgrpc;

/** What {@link EventClient#track(Event)} did with an event. */
public final class Tracked {
    private final String id;
    private final Refusal refusal;

    private Tracked(String id, Refusal refusal) {
        this.id = id;
        this.refusal = refusal;
    }

    static Tracked taken(String id) {
        return new Tracked(id, null);
    }

    static Tracked refused(Refusal refusal) {
        return new Tracked(null, refusal);
    }

    /**
     * Whether the event is in the queue.
     *
     * @return false if it was refused
     */
    public boolean isTaken() {
        return refusal == null;
    }

    /**
     * The id that the event has, however often it is sent.
     *
     * @return null if the event was refused
     */
    public String getId() {
        return id;
    }

    /**
     * Why the event was refused.
     *
     * @return null if it was taken
     */
    public Refusal getRefusal() {
        return refusal;
    }

    @Override
    public String toString() {
        return isTaken() ? "taken as " + id : "refused: " + refusal;
    }
}
