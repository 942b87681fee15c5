// Written by `cargo xtask codegen` from the proto files; changes made here are lost.
package eventgrpc.events;

/** Collects what makes up an {@link OTPVerifiedEvent}. */
public final class OTPVerifiedEventBuilder {
    String profileName = "";
    boolean isNewUser;
    long phoneNumber;
    String loginFlow = "";
    String requestId = "";

    OTPVerifiedEventBuilder() {}

    /** {@code profileName}. */
    public OTPVerifiedEventBuilder profileName(String profileName) {
        this.profileName = profileName == null ? "" : profileName;
        return this;
    }

    /** Whether the number belonged to nobody before. */
    public OTPVerifiedEventBuilder isNewUser(boolean isNewUser) {
        this.isNewUser = isNewUser;
        return this;
    }

    /** {@code phoneNumber}. */
    public OTPVerifiedEventBuilder phoneNumber(long phoneNumber) {
        this.phoneNumber = phoneNumber;
        return this;
    }

    /** The way of signing in that was followed. */
    public OTPVerifiedEventBuilder loginFlow(String loginFlow) {
        this.loginFlow = loginFlow == null ? "" : loginFlow;
        return this;
    }

    /** The request for the one-time password. */
    public OTPVerifiedEventBuilder requestId(String requestId) {
        this.requestId = requestId == null ? "" : requestId;
        return this;
    }

    /** Ends. The builder may go on, and build another. */
    public OTPVerifiedEvent build() {
        return new OTPVerifiedEvent(this);
    }
}
