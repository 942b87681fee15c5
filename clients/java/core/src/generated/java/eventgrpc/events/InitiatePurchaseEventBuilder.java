// Written by `cargo xtask codegen` from the proto files; changes made here are lost.
package eventgrpc.events;

import eventgrpc.Copies;
import java.util.Collection;
import java.util.List;

/** Collects what makes up an {@link InitiatePurchaseEvent}. */
public final class InitiatePurchaseEventBuilder {
    boolean isBag;
    long productId;
    String productType = "";
    String checkoutId = "";
    float chargeableAmount;
    String coupon = "";
    String paymentMethod = "";
    List<Long> productIds = Copies.list(null);
    String cartId = "";
    List<Long> socialStreamIds = Copies.list(null);

    InitiatePurchaseEventBuilder() {}

    /** Whether the whole bag is bought instead of a single product. */
    public InitiatePurchaseEventBuilder isBag(boolean isBag) {
        this.isBag = isBag;
        return this;
    }

    /** For a single product; productIds lists those of a cart. */
    public InitiatePurchaseEventBuilder productId(long productId) {
        this.productId = productId;
        return this;
    }

    /** {@code productType}. */
    public InitiatePurchaseEventBuilder productType(String productType) {
        this.productType = productType == null ? "" : productType;
        return this;
    }

    /** {@code checkoutId}. */
    public InitiatePurchaseEventBuilder checkoutId(String checkoutId) {
        this.checkoutId = checkoutId == null ? "" : checkoutId;
        return this;
    }

    /** What the user is to pay. */
    public InitiatePurchaseEventBuilder chargeableAmount(float chargeableAmount) {
        this.chargeableAmount = chargeableAmount;
        return this;
    }

    /** The coupon code that was applied. */
    public InitiatePurchaseEventBuilder coupon(String coupon) {
        this.coupon = coupon == null ? "" : coupon;
        return this;
    }

    /** {@code paymentMethod}. */
    public InitiatePurchaseEventBuilder paymentMethod(String paymentMethod) {
        this.paymentMethod = paymentMethod == null ? "" : paymentMethod;
        return this;
    }

    /** {@code productIds}. */
    public InitiatePurchaseEventBuilder productIds(Collection<Long> productIds) {
        this.productIds = Copies.list(productIds);
        return this;
    }

    /** {@code cartId}. */
    public InitiatePurchaseEventBuilder cartId(String cartId) {
        this.cartId = cartId == null ? "" : cartId;
        return this;
    }

    /** The social streams that the products were picked from. */
    public InitiatePurchaseEventBuilder socialStreamIds(Collection<Long> socialStreamIds) {
        this.socialStreamIds = Copies.list(socialStreamIds);
        return this;
    }

    /** Ends. The builder may go on, and build another. */
    public InitiatePurchaseEvent build() {
        return new InitiatePurchaseEvent(this);
    }
}
