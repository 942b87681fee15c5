// Written by `cargo xtask codegen` from the proto files; changes made here are lost.
package eventgrpc.events;

import eventgrpc.Event;
import eventgrpc.ProtoValue;
import eventgrpc.ProtoWriter;

/** The client asked whether and when a product can be delivered to a place. */
public final class CheckDeliveryInfoEvent extends Event {
    private final String actionInstance;
    private final long pincode;

    CheckDeliveryInfoEvent(CheckDeliveryInfoEventBuilder builder) {
        actionInstance = builder.actionInstance;
        pincode = builder.pincode;
    }

    /** Begins one of which nothing is set. */
    public static CheckDeliveryInfoEventBuilder builder() {
        return new CheckDeliveryInfoEventBuilder();
    }

    /** Which use of the check on the screen it was. */
    public String getActionInstance() {
        return actionInstance;
    }

    /** The postal code that was asked about. */
    public long getPincode() {
        return pincode;
    }

    @Override
    public String eventType() {
        return "checkDeliveryInfoEvent";
    }

    @Override
    public int eventNumber() {
        return 48;
    }

    @Override
    public void writeTo(ProtoWriter out) {
        out.write(4, ProtoValue.STRING, actionInstance);
        out.write(5, ProtoValue.INT64, pincode);
    }
}
