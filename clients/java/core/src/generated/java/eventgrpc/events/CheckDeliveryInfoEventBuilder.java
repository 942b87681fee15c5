// Written by `cargo xtask codegen` from the proto files; changes made here are lost.
package eventgrpc.events;

/** Collects what makes up a {@link CheckDeliveryInfoEvent}. */
public final class CheckDeliveryInfoEventBuilder {
    String actionInstance = "";
    long pincode;

    CheckDeliveryInfoEventBuilder() {}

    /** Which use of the check on the screen it was. */
    public CheckDeliveryInfoEventBuilder actionInstance(String actionInstance) {
        this.actionInstance = actionInstance == null ? "" : actionInstance;
        return this;
    }

    /** The postal code that was asked about. */
    public CheckDeliveryInfoEventBuilder pincode(long pincode) {
        this.pincode = pincode;
        return this;
    }

    /** Ends. The builder may go on, and build another. */
    public CheckDeliveryInfoEvent build() {
        return new CheckDeliveryInfoEvent(this);
    }
}
