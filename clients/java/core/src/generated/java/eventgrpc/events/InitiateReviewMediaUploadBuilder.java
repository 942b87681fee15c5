// Written by `cargo xtask codegen` from the proto files; changes made here are lost.
package eventgrpc.events;

/** Collects what makes up an {@link InitiateReviewMediaUpload}. */
public final class InitiateReviewMediaUploadBuilder {
    String productId = "";
    String orderId = "";

    InitiateReviewMediaUploadBuilder() {}

    /** {@code productId}. */
    public InitiateReviewMediaUploadBuilder productId(String productId) {
        this.productId = productId == null ? "" : productId;
        return this;
    }

    /** {@code orderId}. */
    public InitiateReviewMediaUploadBuilder orderId(String orderId) {
        this.orderId = orderId == null ? "" : orderId;
        return this;
    }

    /** Ends. The builder may go on, and build another. */
    public InitiateReviewMediaUpload build() {
        return new InitiateReviewMediaUpload(this);
    }
}
