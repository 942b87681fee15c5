// Written by `cargo xtask codegen` from the proto files; changes made here are lost.
package eventgrpc.events;

import eventgrpc.Event;
import eventgrpc.ProtoValue;
import eventgrpc.ProtoWriter;

/** The client took a step as an affiliate. */
public final class AffiliateActionEvent extends Event {
    private final String action;
    private final String reason;
    private final String url;

    AffiliateActionEvent(AffiliateActionEventBuilder builder) {
        action = builder.action;
        reason = builder.reason;
        url = builder.url;
    }

    /** Begins one of which nothing is set. */
    public static AffiliateActionEventBuilder builder() {
        return new AffiliateActionEventBuilder();
    }

    /** What the user did. */
    public String getAction() {
        return action;
    }

    /** Why it was done or failed. */
    public String getReason() {
        return reason;
    }

    /** The address that the action was about. */
    public String getUrl() {
        return url;
    }

    @Override
    public String eventType() {
        return "affiliateActionEvent";
    }

    @Override
    public int eventNumber() {
        return 63;
    }

    @Override
    public void writeTo(ProtoWriter out) {
        out.write(4, ProtoValue.STRING, action);
        out.write(5, ProtoValue.STRING, reason);
        out.write(6, ProtoValue.STRING, url);
    }
}
