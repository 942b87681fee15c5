// Written by `cargo xtask codegen` from the proto files; changes made here are lost.
package eventgrpc.events;

import eventgrpc.Event;
import eventgrpc.ProtoValue;
import eventgrpc.ProtoWriter;

/** The client took in a phone number that the user typed. */
public final class PhoneNumberEntered extends Event {
    private final boolean isNewUser;
    private final long phoneNumber;

    PhoneNumberEntered(PhoneNumberEnteredBuilder builder) {
        isNewUser = builder.isNewUser;
        phoneNumber = builder.phoneNumber;
    }

    /** Begins one of which nothing is set. */
    public static PhoneNumberEnteredBuilder builder() {
        return new PhoneNumberEnteredBuilder();
    }

    /** Whether the number belongs to nobody yet. */
    public boolean isNewUser() {
        return isNewUser;
    }

    /** {@code phoneNumber}. */
    public long getPhoneNumber() {
        return phoneNumber;
    }

    @Override
    public String eventType() {
        return "phoneNumberEntered";
    }

    @Override
    public int eventNumber() {
        return 21;
    }

    @Override
    public void writeTo(ProtoWriter out) {
        out.write(5, ProtoValue.BOOL, isNewUser);
        out.write(8, ProtoValue.INT64, phoneNumber);
    }
}
