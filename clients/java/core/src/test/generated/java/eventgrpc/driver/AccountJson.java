// Written by `cargo xtask codegen` from the proto files; changes made here are lost.
package eventgrpc.driver;

import eventgrpc.events.OTPVerifiedEvent;
import eventgrpc.events.OTPVerifiedEventBuilder;
import eventgrpc.events.PhoneNumberEntered;
import eventgrpc.events.PhoneNumberEnteredBuilder;
import eventgrpc.events.PhoneVerificationInitiateEvent;
import eventgrpc.events.PhoneVerificationInitiateEventBuilder;
import eventgrpc.events.ProfileActionEvent;
import eventgrpc.events.ProfileActionEventBuilder;

/** Makes messages of JSON, for tests. */
final class AccountJson {
    private AccountJson() {}

    static PhoneVerificationInitiateEvent phoneVerificationInitiateEvent(Fields fields) {
        PhoneVerificationInitiateEventBuilder builder = PhoneVerificationInitiateEvent.builder();
        fields.with("sourceAction", value -> builder.sourceAction(Values.string(value)));
        fields.with("loginFlow", value -> builder.loginFlow(Values.string(value)));
        return builder.build();
    }

    static PhoneNumberEntered phoneNumberEntered(Fields fields) {
        PhoneNumberEnteredBuilder builder = PhoneNumberEntered.builder();
        fields.with("isNewUser", value -> builder.isNewUser(Values.bool(value)));
        fields.with("phoneNumber", value -> builder.phoneNumber(Values.int64(value)));
        return builder.build();
    }

    static OTPVerifiedEvent oTPVerifiedEvent(Fields fields) {
        OTPVerifiedEventBuilder builder = OTPVerifiedEvent.builder();
        fields.with("profileName", value -> builder.profileName(Values.string(value)));
        fields.with("isNewUser", value -> builder.isNewUser(Values.bool(value)));
        fields.with("phoneNumber", value -> builder.phoneNumber(Values.int64(value)));
        fields.with("loginFlow", value -> builder.loginFlow(Values.string(value)));
        fields.with("requestId", value -> builder.requestId(Values.string(value)));
        return builder.build();
    }

    static ProfileActionEvent profileActionEvent(Fields fields) {
        ProfileActionEventBuilder builder = ProfileActionEvent.builder();
        fields.with("action", value -> builder.action(Values.string(value)));
        return builder.build();
    }
}
