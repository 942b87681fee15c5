// Written by `cargo xtask codegen` from the proto files; changes made here are lost.
package eventgrpc.events;

import eventgrpc.Event;
import eventgrpc.ProtoValue;
import eventgrpc.ProtoWriter;

/** The client took a step in returning or exchanging an order. */
public final class ReturnExchangeFlowActionEvent extends Event {
    private final String type;
    private final String action;
    private final long step;
    private final long existingAccountCount;
    private final String reason;

    ReturnExchangeFlowActionEvent(ReturnExchangeFlowActionEventBuilder builder) {
        type = builder.type;
        action = builder.action;
        step = builder.step;
        existingAccountCount = builder.existingAccountCount;
        reason = builder.reason;
    }

    /** Begins one of which nothing is set. */
    public static ReturnExchangeFlowActionEventBuilder builder() {
        return new ReturnExchangeFlowActionEventBuilder();
    }

    /** Which flow it is. */
    public String getType() {
        return type;
    }

    /** What the user did. */
    public String getAction() {
        return action;
    }

    /** The step of the flow. */
    public long getStep() {
        return step;
    }

    /** How many accounts the user already had on file. */
    public long getExistingAccountCount() {
        return existingAccountCount;
    }

    /** Why the user returns or exchanges. */
    public String getReason() {
        return reason;
    }

    @Override
    public String eventType() {
        return "returnExchangeFlowActionEvent";
    }

    @Override
    public int eventNumber() {
        return 60;
    }

    @Override
    public void writeTo(ProtoWriter out) {
        out.write(4, ProtoValue.STRING, type);
        out.write(5, ProtoValue.STRING, action);
        out.write(6, ProtoValue.INT64, step);
        out.write(7, ProtoValue.INT64, existingAccountCount);
        out.write(8, ProtoValue.STRING, reason);
    }
}
