// Written by `cargo xtask codegen` from the proto files; changes made here are lost.
package eventgrpc.events;

/** Collects what makes up an {@link EditReview}. */
public final class EditReviewBuilder {
    String productId = "";
    String orderId = "";
    String reviewId = "";

    EditReviewBuilder() {}

    /** {@code productId}. */
    public EditReviewBuilder productId(String productId) {
        this.productId = productId == null ? "" : productId;
        return this;
    }

    /** {@code orderId}. */
    public EditReviewBuilder orderId(String orderId) {
        this.orderId = orderId == null ? "" : orderId;
        return this;
    }

    /** {@code reviewId}. */
    public EditReviewBuilder reviewId(String reviewId) {
        this.reviewId = reviewId == null ? "" : reviewId;
        return this;
    }

    /** Ends. The builder may go on, and build another. */
    public EditReview build() {
        return new EditReview(this);
    }
}
