// Written by `cargo xtask codegen` from the proto files; changes made here are lost.
package eventgrpc.events;

/** Collects what makes up a {@link ReturnExchangeFlowActionEvent}. */
public final class ReturnExchangeFlowActionEventBuilder {
    String type = "";
    String action = "";
    long step;
    long existingAccountCount;
    String reason = "";

    ReturnExchangeFlowActionEventBuilder() {}

    /** Which flow it is. */
    public ReturnExchangeFlowActionEventBuilder type(String type) {
        this.type = type == null ? "" : type;
        return this;
    }

    /** What the user did. */
    public ReturnExchangeFlowActionEventBuilder action(String action) {
        this.action = action == null ? "" : action;
        return this;
    }

    /** The step of the flow. */
    public ReturnExchangeFlowActionEventBuilder step(long step) {
        this.step = step;
        return this;
    }

    /** How many accounts the user already had on file. */
    public ReturnExchangeFlowActionEventBuilder existingAccountCount(long existingAccountCount) {
        this.existingAccountCount = existingAccountCount;
        return this;
    }

    /** Why the user returns or exchanges. */
    public ReturnExchangeFlowActionEventBuilder reason(String reason) {
        this.reason = reason == null ? "" : reason;
        return this;
    }

    /** Ends. The builder may go on, and build another. */
    public ReturnExchangeFlowActionEvent build() {
        return new ReturnExchangeFlowActionEvent(this);
    }
}
