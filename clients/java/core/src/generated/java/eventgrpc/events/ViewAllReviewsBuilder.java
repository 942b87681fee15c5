// Written by `cargo xtask codegen` from the proto files; changes made here are lost.
package eventgrpc.events;

/** Collects what makes up a {@link ViewAllReviews}. */
public final class ViewAllReviewsBuilder {
    String productId = "";

    ViewAllReviewsBuilder() {}

    /** {@code productId}. */
    public ViewAllReviewsBuilder productId(String productId) {
        this.productId = productId == null ? "" : productId;
        return this;
    }

    /** Ends. The builder may go on, and build another. */
    public ViewAllReviews build() {
        return new ViewAllReviews(this);
    }
}
