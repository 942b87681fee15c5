// Written by `cargo xtask codegen` from the proto files; changes made here are lost.
package eventgrpc.events;

/** Collects what makes up a {@link PhoneVerificationInitiateEvent}. */
public final class PhoneVerificationInitiateEventBuilder {
    String sourceAction = "";
    String loginFlow = "";

    PhoneVerificationInitiateEventBuilder() {}

    /** What the user wanted to do when the question came. */
    public PhoneVerificationInitiateEventBuilder sourceAction(String sourceAction) {
        this.sourceAction = sourceAction == null ? "" : sourceAction;
        return this;
    }

    /** The way of signing in that was followed. */
    public PhoneVerificationInitiateEventBuilder loginFlow(String loginFlow) {
        this.loginFlow = loginFlow == null ? "" : loginFlow;
        return this;
    }

    /** Ends. The builder may go on, and build another. */
    public PhoneVerificationInitiateEvent build() {
        return new PhoneVerificationInitiateEvent(this);
    }
}
