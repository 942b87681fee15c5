// Written by `cargo xtask codegen` from the proto files; changes made here are lost.
package eventgrpc.events;

import eventgrpc.Event;
import eventgrpc.ProtoValue;
import eventgrpc.ProtoWriter;

/** The client asked the user to review a product of an order. */
public final class NudgeForReview extends Event {
    private final String productId;
    private final String orderId;

    NudgeForReview(NudgeForReviewBuilder builder) {
        productId = builder.productId;
        orderId = builder.orderId;
    }

    /** Begins one of which nothing is set. */
    public static NudgeForReviewBuilder builder() {
        return new NudgeForReviewBuilder();
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
        return "nudgeForReview";
    }

    @Override
    public int eventNumber() {
        return 46;
    }

    @Override
    public void writeTo(ProtoWriter out) {
        out.write(4, ProtoValue.STRING, productId);
        out.write(5, ProtoValue.STRING, orderId);
    }
}
