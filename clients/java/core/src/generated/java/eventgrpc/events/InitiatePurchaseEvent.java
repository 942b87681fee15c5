// Written by `cargo xtask codegen` from the proto files; changes made here are lost.
package eventgrpc.events;

import eventgrpc.Event;
import eventgrpc.ProtoValue;
import eventgrpc.ProtoWriter;
import java.util.List;

/** The client chose how to pay and started the payment. */
public final class InitiatePurchaseEvent extends Event {
    private final boolean isBag;
    private final long productId;
    private final String productType;
    private final String checkoutId;
    private final float chargeableAmount;
    private final String coupon;
    private final String paymentMethod;
    private final List<Long> productIds;
    private final String cartId;
    private final List<Long> socialStreamIds;

    InitiatePurchaseEvent(InitiatePurchaseEventBuilder builder) {
        isBag = builder.isBag;
        productId = builder.productId;
        productType = builder.productType;
        checkoutId = builder.checkoutId;
        chargeableAmount = builder.chargeableAmount;
        coupon = builder.coupon;
        paymentMethod = builder.paymentMethod;
        productIds = builder.productIds;
        cartId = builder.cartId;
        socialStreamIds = builder.socialStreamIds;
    }

    /** Begins one of which nothing is set. */
    public static InitiatePurchaseEventBuilder builder() {
        return new InitiatePurchaseEventBuilder();
    }

    /** Whether the whole bag is bought instead of a single product. */
    public boolean isBag() {
        return isBag;
    }

    /** For a single product; productIds lists those of a cart. */
    public long getProductId() {
        return productId;
    }

    /** {@code productType}. */
    public String getProductType() {
        return productType;
    }

    /** {@code checkoutId}. */
    public String getCheckoutId() {
        return checkoutId;
    }

    /** What the user is to pay. */
    public float getChargeableAmount() {
        return chargeableAmount;
    }

    /** The coupon code that was applied. */
    public String getCoupon() {
        return coupon;
    }

    /** {@code paymentMethod}. */
    public String getPaymentMethod() {
        return paymentMethod;
    }

    /** {@code productIds}. */
    public List<Long> getProductIds() {
        return productIds;
    }

    /** {@code cartId}. */
    public String getCartId() {
        return cartId;
    }

    /** The social streams that the products were picked from. */
    public List<Long> getSocialStreamIds() {
        return socialStreamIds;
    }

    @Override
    public String eventType() {
        return "initiatePurchaseEvent";
    }

    @Override
    public int eventNumber() {
        return 25;
    }

    @Override
    public void writeTo(ProtoWriter out) {
        out.write(6, ProtoValue.BOOL, isBag);
        out.write(7, ProtoValue.INT64, productId);
        out.write(8, ProtoValue.STRING, productType);
        out.write(9, ProtoValue.STRING, checkoutId);
        out.write(10, ProtoValue.FLOAT, chargeableAmount);
        out.write(11, ProtoValue.STRING, coupon);
        out.write(12, ProtoValue.STRING, paymentMethod);
        out.packed(13, ProtoValue.INT64, productIds);
        out.write(14, ProtoValue.STRING, cartId);
        out.packed(15, ProtoValue.INT64, socialStreamIds);
    }
}
