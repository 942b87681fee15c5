// Written by `cargo xtask codegen` from the proto files; changes made here are lost.
package eventgrpc.events;

import eventgrpc.Event;
import eventgrpc.ProtoValue;
import eventgrpc.ProtoWriter;

/** The client opened the screen on which a review is written. */
public final class EnterReviewScreen extends Event {
    private final String productId;
    private final String orderId;

    EnterReviewScreen(EnterReviewScreenBuilder builder) {
        productId = builder.productId;
        orderId = builder.orderId;
    }

    /** Begins one of which nothing is set. */
    public static EnterReviewScreenBuilder builder() {
        return new EnterReviewScreenBuilder();
    }

    /** {@code productId}. */
    public String getProductId() {
        return productId;
    }

    /** {@code orderId}. */
    public String getOrderId() {
        return orderId;
    }

    @Override
    public String eventType() {
        return "enterReviewScreen";
    }

    @Override
    public int eventNumber() {
        return 40;
    }

    @Override
    public void writeTo(ProtoWriter out) {
        out.write(4, ProtoValue.STRING, productId);
        out.write(5, ProtoValue.STRING, orderId);
    }
}
