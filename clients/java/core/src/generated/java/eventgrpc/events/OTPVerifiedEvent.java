// Written by `cargo xtask codegen` from the proto files; changes made here are lost.
package eventgrpc.events;

import eventgrpc.Event;
import eventgrpc.ProtoValue;
import eventgrpc.ProtoWriter;

/** The client saw the one-time password confirmed. */
public final class OTPVerifiedEvent extends Event {
    private final String profileName;
    private final boolean isNewUser;
    private final long phoneNumber;
    private final String loginFlow;
    private final String requestId;

    OTPVerifiedEvent(OTPVerifiedEventBuilder builder) {
        profileName = builder.profileName;
        isNewUser = builder.isNewUser;
        phoneNumber = builder.phoneNumber;
        loginFlow = builder.loginFlow;
        requestId = builder.requestId;
    }

    /** Begins one of which nothing is set. */
    public static OTPVerifiedEventBuilder builder() {
        return new OTPVerifiedEventBuilder();
    }

    /** {@code profileName}. */
    public String getProfileName() {
        return profileName;
    }

    /** Whether the number belonged to nobody before. */
    public boolean isNewUser() {
        return isNewUser;
    }

    /** {@code phoneNumber}. */
    public long getPhoneNumber() {
        return phoneNumber;
    }

    /** The way of signing in that was followed. */
    public String getLoginFlow() {
        return loginFlow;
    }

    /** The request for the one-time password. */
    public String getRequestId() {
        return requestId;
    }

    @Override
    public String eventType() {
        return "otpVerifiedEvent";
    }

    @Override
    public int eventNumber() {
        return 22;
    }

    @Override
    public void writeTo(ProtoWriter out) {
        out.write(6, ProtoValue.STRING, profileName);
        out.write(7, ProtoValue.BOOL, isNewUser);
        out.write(8, ProtoValue.INT64, phoneNumber);
        out.write(9, ProtoValue.STRING, loginFlow);
        out.write(10, ProtoValue.STRING, requestId);
    }
}
