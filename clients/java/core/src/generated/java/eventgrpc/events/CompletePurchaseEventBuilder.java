// Written by `cargo xtask codegen` from the proto files; changes made here are lost.
package eventgrpc.events;

import eventgrpc.Copies;
import java.util.Collection;
import java.util.List;

/** Collects what makes up a {@link CompletePurchaseEvent}. */
public final class CompletePurchaseEventBuilder {
    long productId;
    String productType = "";
    String checkoutId = "";
    float chargeableAmount;
    String coupon = "";
    String paymentMethod = "";
    String transactionId = "";
    List<Long> productIds = Copies.list(null);
    String cartId = "";
    List<Long> socialStreamIds = Copies.list(null);

    CompletePurchaseEventBuilder() {}

    /** For a single product; productIds lists those of a cart. */
    public CompletePurchaseEventBuilder productId(long productId) {
        this.productId = productId;
        return this;
    }

    /** {@code productType}. */
    public CompletePurchaseEventBuilder productType(String productType) {
        this.productType = productType == null ? "" : productType;
        return this;
    }

    /** {@code checkoutId}. */
    public CompletePurchaseEventBuilder checkoutId(String checkoutId) {
        this.checkoutId = checkoutId == null ? "" : checkoutId;
        return this;
    }

    /** What the user paid or is to pay. */
    public CompletePurchaseEventBuilder chargeableAmount(float chargeableAmount) {
        this.chargeableAmount = chargeableAmount;
        return this;
    }

    /** The coupon code that was applied. */
    public CompletePurchaseEventBuilder coupon(String coupon) {
        this.coupon = coupon == null ? "" : coupon;
        return this;
    }

    /** {@code paymentMethod}. */
    public CompletePurchaseEventBuilder paymentMethod(String paymentMethod) {
        this.paymentMethod = paymentMethod == null ? "" : paymentMethod;
        return this;
    }

    /** The payment's own identifier. */
    public CompletePurchaseEventBuilder transactionId(String transactionId) {
        this.transactionId = transactionId == null ? "" : transactionId;
        return this;
    }

    /** {@code productIds}. */
    public CompletePurchaseEventBuilder productIds(Collection<Long> productIds) {
        this.productIds = Copies.list(productIds);
        return this;
    }

    /** {@code cartId}. */
    public CompletePurchaseEventBuilder cartId(String cartId) {
        this.cartId = cartId == null ? "" : cartId;
        return this;
    }

    /** The social streams that the products were picked from. */
    public CompletePurchaseEventBuilder socialStreamIds(Collection<Long> socialStreamIds) {
        this.socialStreamIds = Copies.list(socialStreamIds);
        return this;
    }

    /** Ends. The builder may go on, and build another. */
    public CompletePurchaseEvent build() {
        return new CompletePurchaseEvent(this);
    }
}
