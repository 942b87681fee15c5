package eventgrpc;

/** What the user allows. */
public enum Consent {
    /** Events are taken, stored and sent. */
    GRANTED,
    /** Nobody has asked yet: events wait in memory; nothing is written to storage, and nothing is sent. */
    PENDING,
    /** The queue is emptied, in storage too, and new events are refused. */
    DENIED
}
