// Written by `cargo xtask codegen` from the proto files; changes made here are lost.
package eventgrpc.events;

import eventgrpc.Copies;
import java.util.Collection;
import java.util.List;

/** Collects what makes up a {@link GoToPaymentsEvent}. */
public final class GoToPaymentsEventBuilder {
    long productId;
    String checkoutId = "";
    String productType = "";
    String coupon = "";
    float chargeableAmount;
    List<Long> productIds = Copies.list(null);
    String cartId = "";
    List<Long> socialStreamIds = Copies.list(null);

    GoToPaymentsEventBuilder() {}

    /** For a single product; productIds lists those of a cart. */
    public GoToPaymentsEventBuilder productId(long productId) {
        this.productId = productId;
        return this;
    }

    /** {@code checkoutId}. */
    public GoToPaymentsEventBuilder checkoutId(String checkoutId) {
        this.checkoutId = checkoutId == null ? "" : checkoutId;
        return this;
    }

    /** {@code productType}. */
    public GoToPaymentsEventBuilder productType(String productType) {
        this.productType = productType == null ? "" : productType;
        return this;
    }

    /** The coupon code that was applied. */
    public GoToPaymentsEventBuilder coupon(String coupon) {
        this.coupon = coupon == null ? "" : coupon;
        return this;
    }

    /** What the user is to pay. */
    public GoToPaymentsEventBuilder chargeableAmount(float chargeableAmount) {
        this.chargeableAmount = chargeableAmount;
        return this;
    }

    /** {@code productIds}. */
    public GoToPaymentsEventBuilder productIds(Collection<Long> productIds) {
        this.productIds = Copies.list(productIds);
        return this;
    }

    /** {@code cartId}. */
    public GoToPaymentsEventBuilder cartId(String cartId) {
        this.cartId = cartId == null ? "" : cartId;
        return this;
    }

    /** The social streams that the products were picked from. */
    public GoToPaymentsEventBuilder socialStreamIds(Collection<Long> socialStreamIds) {
        this.socialStreamIds = Copies.list(socialStreamIds);
        return this;
    }

    /** Ends. The builder may go on, and build another. */
    public GoToPaymentsEvent build() {
        return new GoToPaymentsEvent(this);
    }
}
