// Written by `cargo xtask codegen` from the proto files; changes made here are lost.
package eventgrpc.events;

import eventgrpc.Event;
import eventgrpc.ProtoValue;
import eventgrpc.ProtoWriter;

/** The client opened the list of all reviews of a product. */
public final class ViewAllReviews extends Event {
    private final String productId;

    ViewAllReviews(ViewAllReviewsBuilder builder) {
        productId = builder.productId;
    }

    /** Begins one of which nothing is set. */
    public static ViewAllReviewsBuilder builder() {
        return new ViewAllReviewsBuilder();
    }

    /** {@code productId}. */
    public String getProductId() {
        return productId;
    }

    @Override
    public String eventType() {
        return "viewAllReviews";
    }

    @Override
    public int eventNumber() {
        return 44;
    }

    @Override
    public void writeTo(ProtoWriter out) {
        out.write(4, ProtoValue.STRING, productId);
    }
}
