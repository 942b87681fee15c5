// Written by `cargo xtask codegen` from the proto files; changes made here are lost.
package eventgrpc.events;

import eventgrpc.Event;
import eventgrpc.ProtoValue;
import eventgrpc.ProtoWriter;

/** The client began to upload pictures or video for a review. */
public final class InitiateReviewMediaUpload extends Event {
    private final String productId;
    private final String orderId;

    InitiateReviewMediaUpload(InitiateReviewMediaUploadBuilder builder) {
        productId = builder.productId;
        orderId = builder.orderId;
    }

    /** Begins one of which nothing is set. */
    public static InitiateReviewMediaUploadBuilder builder() {
        return new InitiateReviewMediaUploadBuilder();
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
        return "initiateReviewMediaUpload";
    }

    @Override
    public int eventNumber() {
        return 41;
    }

    @Override
    public void writeTo(ProtoWriter out) {
        out.write(4, ProtoValue.STRING, productId);
        out.write(5, ProtoValue.STRING, orderId);
    }
}
