// Written by `cargo xtask codegen` from the proto files; changes made here are lost.
package eventgrpc.events;

import eventgrpc.Event;
import eventgrpc.ProtoValue;
import eventgrpc.ProtoWriter;
import java.util.List;

/** The client saw the purchase succeed. */
public final class CompletePurchaseEvent extends Event {
    private final long productId;
    private final String productType;
    private final String checkoutId;
    private final float chargeableAmount;
    private final String coupon;
    private final String paymentMethod;
    private final String transactionId;
    private final List<Long> productIds;
    private final String cartId;
    private final List<Long> socialStreamIds;

    CompletePurchaseEvent(CompletePurchaseEventBuilder builder) {
        productId = builder.productId;
        productType = builder.productType;
        checkoutId = builder.checkoutId;
        chargeableAmount = builder.chargeableAmount;
        coupon = builder.coupon;
        paymentMethod = builder.paymentMethod;
        transactionId = builder.transactionId;
        productIds = builder.productIds;
        cartId = builder.cartId;
        socialStreamIds = builder.socialStreamIds;
    }

    /** Begins one of which nothing is set. */
    public static CompletePurchaseEventBuilder builder() {
        return new CompletePurchaseEventBuilder();
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

    /** What the user paid or is to pay. */
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

    /** The payment's own identifier. */
    public String getTransactionId() {
        return transactionId;
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
        return "completePurchaseEvent";
    }

    @Override
    public int eventNumber() {
        return 26;
    }

    @Override
    public void writeTo(ProtoWriter out) {
        out.write(5, ProtoValue.INT64, productId);
        out.write(6, ProtoValue.STRING, productType);
        out.write(7, ProtoValue.STRING, checkoutId);
        out.write(8, ProtoValue.FLOAT, chargeableAmount);
        out.write(9, ProtoValue.STRING, coupon);
        out.write(10, ProtoValue.STRING, paymentMethod);
        out.write(11, ProtoValue.STRING, transactionId);
        out.packed(12, ProtoValue.INT64, productIds);
        out.write(13, ProtoValue.STRING, cartId);
        out.packed(14, ProtoValue.INT64, socialStreamIds);
    }
}
