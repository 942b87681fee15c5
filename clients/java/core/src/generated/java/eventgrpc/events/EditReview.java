// Written by `cargo xtask codegen` from the proto files; changes made here are lost.
package eventgrpc.events;

import eventgrpc.Event;
import eventgrpc.ProtoValue;
import eventgrpc.ProtoWriter;

/** The client opened an existing review to change it. */
public final class EditReview extends Event {
    private final String productId;
    private final String orderId;
    private final String reviewId;

    EditReview(EditReviewBuilder builder) {
        productId = builder.productId;
        orderId = builder.orderId;
        reviewId = builder.reviewId;
    }

    /** Begins one of which nothing is set. */
    public static EditReviewBuilder builder() {
        return new EditReviewBuilder();
    }

    /** {@code productId}. */
    public String getProductId() {
        return productId;
    }

    /** {@code orderId}. */
    public String getOrderId() {
        return orderId;
    }

    /** {@code reviewId}. */
    public String getReviewId() {
        return reviewId;
    }

    @Override
    public String eventType() {
        return "editReview";
    }

    @Override
    public int eventNumber() {
        return 43;
    }

    @Override
    public void writeTo(ProtoWriter out) {
        out.write(4, ProtoValue.STRING, productId);
        out.write(5, ProtoValue.STRING, orderId);
        out.write(6, ProtoValue.STRING, reviewId);
    }
}
