// Written by `cargo xtask codegen` from the proto files; changes made here are lost.
package eventgrpc.events;

/** Collects what makes up a {@link PhoneNumberEntered}. */
public final class PhoneNumberEnteredBuilder {
    boolean isNewUser;
    long phoneNumber;

    PhoneNumberEnteredBuilder() {}

    /** Whether the number belongs to nobody yet. */
    public PhoneNumberEnteredBuilder isNewUser(boolean isNewUser) {
        this.isNewUser = isNewUser;
        return this;
    }

    /** {@code phoneNumber}. */
    public PhoneNumberEnteredBuilder phoneNumber(long phoneNumber) {
        this.phoneNumber = phoneNumber;
        return this;
    }

    /** Ends. The builder may go on, and build another. */
    public PhoneNumberEntered build() {
        return new PhoneNumberEntered(this);
    }
}
