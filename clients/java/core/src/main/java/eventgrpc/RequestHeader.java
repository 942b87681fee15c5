package eventgrpc;

/** What holds for all events that are taken while it is set: {@link eventgrpc.events.Header}. */
public abstract class RequestHeader extends ProtoMessage {
    /** Only the generated header extends this. */
    protected RequestHeader() {}
}
