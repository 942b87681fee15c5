// Written by `cargo xtask codegen` from the proto files; changes made here are lost.
package eventgrpc.events;

import eventgrpc.Event;
import eventgrpc.ProtoValue;
import eventgrpc.ProtoWriter;

/** The client asked the user to verify a phone number. */
public final class PhoneVerificationInitiateEvent extends Event {
    private final String sourceAction;
    private final String loginFlow;

    PhoneVerificationInitiateEvent(PhoneVerificationInitiateEventBuilder builder) {
        sourceAction = builder.sourceAction;
        loginFlow = builder.loginFlow;
    }

    /** Begins one of which nothing is set. */
    public static PhoneVerificationInitiateEventBuilder builder() {
        return new PhoneVerificationInitiateEventBuilder();
    }

    /** What the user wanted to do when the question came. */
    public String getSourceAction() {
        return sourceAction;
    }

    /** The way of signing in that was followed. */
    public String getLoginFlow() {
        return loginFlow;
    }

    @Override
    public String eventType() {
        return "phoneVerificationInitiateEvent";
    }

    @Override
    public int eventNumber() {
        return 20;
    }

    @Override
    public void writeTo(ProtoWriter out) {
        out.write(5, ProtoValue.STRING, sourceAction);
        out.write(6, ProtoValue.STRING, loginFlow);
    }
}
