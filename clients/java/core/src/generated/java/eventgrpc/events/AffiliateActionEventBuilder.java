// Written by `cargo xtask codegen` from the proto files; changes made here are lost.
package eventgrpc.events;

/** Collects what makes up an {@link AffiliateActionEvent}. */
public final class AffiliateActionEventBuilder {
    String action = "";
    String reason = "";
    String url = "";

    AffiliateActionEventBuilder() {}

    /** What the user did. */
    public AffiliateActionEventBuilder action(String action) {
        this.action = action == null ? "" : action;
        return this;
    }

    /** Why it was done or failed. */
    public AffiliateActionEventBuilder reason(String reason) {
        this.reason = reason == null ? "" : reason;
        return this;
    }

    /** The address that the action was about. */
    public AffiliateActionEventBuilder url(String url) {
        this.url = url == null ? "" : url;
        return this;
    }

    /** Ends. The builder may go on, and build another. */
    public AffiliateActionEvent build() {
        return new AffiliateActionEvent(this);
    }
}
