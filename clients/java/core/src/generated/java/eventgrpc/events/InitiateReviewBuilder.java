// Written by `cargo xtask codegen` from the proto files; changes made here are lost.
package eventgrpc.events;

/** Collects what makes up an {@link InitiateReview}. */
public final class InitiateReviewBuilder {
    String productId = "";
    String orderId = "";

    InitiateReviewBuilder() {}

    /** {@code productId}. */
    public InitiateReviewBuilder productId(String productId) {
        this.productId = productId == null ? "" : productId;
        return this;
    }

    /** {@code orderId}. */
    public InitiateReviewBuilder orderId(String orderId) {
        this.orderId = orderId == null ? "" : orderId;
        return this;
    }

    /** Ends. The builder may go on, and build another. */
    public InitiateReview build() {
        return new InitiateReview(this);
    }
}
