// Written by `cargo xtask codegen` from the proto files; changes made here are lost.
package eventgrpc.events;

import eventgrpc.Event;
import eventgrpc.ProtoValue;
import eventgrpc.ProtoWriter;
import java.util.List;

/** The client went on to the payment step. */
public final class GoToPaymentsEvent extends Event {
    private final long productId;
    private final String checkoutId;
    private final String productType;
    private final String coupon;
    private final float chargeableAmount;
    private final List<Long> productIds;
    private final String cartId;
    private final List<Long> socialStreamIds;

    GoToPaymentsEvent(GoToPaymentsEventBuilder builder) {
        productId = builder.productId;
        checkoutId = builder.checkoutId;
        productType = builder.productType;
        coupon = builder.coupon;
        chargeableAmount = builder.chargeableAmount;
        productIds = builder.productIds;
        cartId = builder.cartId;
        socialStreamIds = builder.socialStreamIds;
    }

    /** Begins one of which nothing is set. */
    public static GoToPaymentsEventBuilder builder() {
        return new GoToPaymentsEventBuilder();
    }

    /** For a single product; productIds lists those of a cart. */
    public long getProductId() {
        return productId;
    }

    /** {@code checkoutId}. */
    public String getCheckoutId() {
        return checkoutId;
    }

    /** {@code productType}. */
    public String getProductType() {
        return productType;
    }

    /** The coupon code that was applied. */
    public String getCoupon() {
        return coupon;
    }

    /** What the user is to pay. */
    public float getChargeableAmount() {
        return chargeableAmount;
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
        return "goToPaymentsEvent";
    }

    @Override
    public int eventNumber() {
        return 24;
    }

    @Override
    public void writeTo(ProtoWriter out) {
        out.write(6, ProtoValue.INT64, productId);
        out.write(7, ProtoValue.STRING, checkoutId);
        out.write(8, ProtoValue.STRING, productType);
        out.write(9, ProtoValue.STRING, coupon);
        out.write(10, ProtoValue.FLOAT, chargeableAmount);
        out.packed(11, ProtoValue.INT64, productIds);
        out.write(12, ProtoValue.STRING, cartId);
        out.packed(13, ProtoValue.INT64, socialStreamIds);
    }
}
