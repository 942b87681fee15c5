// Written by `cargo xtask codegen` from the proto files; changes made here are lost.
package eventgrpc.events;

import eventgrpc.Event;
import eventgrpc.ProtoValue;
import eventgrpc.ProtoWriter;

/** The client began a review of a product of an order. */
public final class InitiateReview extends Event {
    private final String productId;
    private final String orderId;

    InitiateReview(InitiateReviewBuilder builder) {
        productId = builder.productId;
        orderId = builder.orderId;
    }

    /** Begins one of which nothing is set. */
    public static InitiateReviewBuilder builder() {
        return new InitiateReviewBuilder();
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
        return "initiateReview";
    }

    @Override
    public int eventNumber() {
        return 39;
    }

    @Override
    public void writeTo(ProtoWriter out) {
        out.write(4, ProtoValue.STRING, productId);
        out.write(5, ProtoValue.STRING, orderId);
    }
}
