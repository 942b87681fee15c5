// Written by `cargo xtask codegen` from the proto files; changes made here are lost.
package eventgrpc.events;

/** Collects what makes up an {@link EnterReviewScreen}. */
public final class EnterReviewScreenBuilder {
    String productId = "";
    String orderId = "";

    EnterReviewScreenBuilder() {}

    /** {@code productId}. */
    public EnterReviewScreenBuilder productId(String productId) {
        this.productId = productId == null ? "" : productId;
        return this;
    }

    /** {@code orderId}. */
    public EnterReviewScreenBuilder orderId(String orderId) {
        this.orderId = orderId == null ? "" : orderId;
        return this;
    }

    /** Ends. The builder may go on, and build another. */
    public EnterReviewScreen build() {
        return new EnterReviewScreen(this);
    }
}
