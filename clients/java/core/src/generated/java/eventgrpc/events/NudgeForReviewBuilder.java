// Written by `cargo xtask codegen` from the proto files; changes made here are lost.
package eventgrpc.events;

/** Collects what makes up a {@link NudgeForReview}. */
public final class NudgeForReviewBuilder {
    String productId = "";
    String orderId = "";

    NudgeForReviewBuilder() {}

    /** {@code productId}. */
    public NudgeForReviewBuilder productId(String productId) {
        this.productId = productId == null ? "" : productId;
        return this;
    }

    /** {@code orderId}. */
    public NudgeForReviewBuilder orderId(String orderId) {
        this.orderId = orderId == null ? "" : orderId;
        return this;
    }

    /** Ends. The builder may go on, and build another. */
    public NudgeForReview build() {
        return new NudgeForReview(this);
    }
}
