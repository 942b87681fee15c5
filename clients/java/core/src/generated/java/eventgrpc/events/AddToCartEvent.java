// Written by `cargo xtask codegen` from the proto files; changes made here are lost.
package eventgrpc.events;

import eventgrpc.Event;
import eventgrpc.ProtoValue;
import eventgrpc.ProtoWriter;

/** The client put a product into the cart. */
public final class AddToCartEvent extends Event {
    private final long productId;
    private final String productType;
    private final long variantId;
    private final int quantity;
    private final int chargeableAmount;
    private final String checkoutId;
    private final long streamId;
    private final boolean isLive;
    private final long hcpId;
    private final String cartId;
    private final String checkoutType;

    AddToCartEvent(AddToCartEventBuilder builder) {
        productId = builder.productId;
        productType = builder.productType;
        variantId = builder.variantId;
        quantity = builder.quantity;
        chargeableAmount = builder.chargeableAmount;
        checkoutId = builder.checkoutId;
        streamId = builder.streamId;
        isLive = builder.isLive;
        hcpId = builder.hcpId;
        cartId = builder.cartId;
        checkoutType = builder.checkoutType;
    }

    /** Begins one of which nothing is set. */
    public static AddToCartEventBuilder builder() {
        return new AddToCartEventBuilder();
    }

    /** {@code productId}. */
    public long getProductId() {
        return productId;
    }

    /** {@code productType}. */
    public String getProductType() {
        return productType;
    }

    /** Which variant of the product, such as its size or colour. */
    public long getVariantId() {
        return variantId;
    }

    /** {@code quantity}. */
    public int getQuantity() {
        return quantity;
    }

    /** What the user would pay; an integer here, a float in the purchase events. */
    public int getChargeableAmount() {
        return chargeableAmount;
    }

    /** The checkout that this leads into. */
    public String getCheckoutId() {
        return checkoutId;
    }

    /** The stream it was added from. */
    public long getStreamId() {
        return streamId;
    }

    /** Whether that stream was live. */
    public boolean isLive() {
        return isLive;
    }

    /** A number here, a string in EnterPWAProductPageEvent. */
    public long getHcpId() {
        return hcpId;
    }

    /** {@code cartId}. */
    public String getCartId() {
        return cartId;
    }

    /** The kind of checkout. */
    public String getCheckoutType() {
        return checkoutType;
    }

    @Override
    public String eventType() {
        return "addToCartEvent";
    }

    @Override
    public int eventNumber() {
        return 23;
    }

    @Override
    public void writeTo(ProtoWriter out) {
        out.write(5, ProtoValue.INT64, productId);
        out.write(6, ProtoValue.STRING, productType);
        out.write(7, ProtoValue.INT64, variantId);
        out.write(8, ProtoValue.INT32, quantity);
        out.write(10, ProtoValue.INT32, chargeableAmount);
        out.write(11, ProtoValue.STRING, checkoutId);
        out.write(12, ProtoValue.INT64, streamId);
        out.write(13, ProtoValue.BOOL, isLive);
        out.write(14, ProtoValue.INT64, hcpId);
        out.write(15, ProtoValue.STRING, cartId);
        out.write(16, ProtoValue.STRING, checkoutType);
    }
}
