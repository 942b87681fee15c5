// Written by `cargo xtask codegen` from the proto files; changes made here are lost.
package eventgrpc.driver;

import eventgrpc.events.AddToCartEvent;
import eventgrpc.events.AddToCartEventBuilder;

/** Makes messages of JSON, for tests. */
final class CartJson {
    private CartJson() {}

    static AddToCartEvent addToCartEvent(Fields fields) {
        AddToCartEventBuilder builder = AddToCartEvent.builder();
        fields.with("productId", value -> builder.productId(Values.int64(value)));
        fields.with("productType", value -> builder.productType(Values.string(value)));
        fields.with("variantId", value -> builder.variantId(Values.int64(value)));
        fields.with("quantity", value -> builder.quantity(Values.int32(value)));
        fields.with("chargeableAmount", value -> builder.chargeableAmount(Values.int32(value)));
        fields.with("checkoutId", value -> builder.checkoutId(Values.string(value)));
        fields.with("streamId", value -> builder.streamId(Values.int64(value)));
        fields.with("isLive", value -> builder.isLive(Values.bool(value)));
        fields.with("hcpId", value -> builder.hcpId(Values.int64(value)));
        fields.with("cartId", value -> builder.cartId(Values.string(value)));
        fields.with("checkoutType", value -> builder.checkoutType(Values.string(value)));
        return builder.build();
    }
}
