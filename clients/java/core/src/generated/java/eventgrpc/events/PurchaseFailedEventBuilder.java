// Written by `cargo xtask codegen` from the proto files; changes made here are lost.
package eventgrpc.events;

/** Collects what makes up a {@link PurchaseFailedEvent}. */
public final class PurchaseFailedEventBuilder {
    String checkoutId = "";
    float chargeableAmount;
    String reason = "";
    String cartId = "";

    PurchaseFailedEventBuilder() {}

    /** {@code checkoutId}. */
    public PurchaseFailedEventBuilder checkoutId(String checkoutId) {
        this.checkoutId = checkoutId == null ? "" : checkoutId;
        return this;
    }

    /** What the user was to pay. */
    public PurchaseFailedEventBuilder chargeableAmount(float chargeableAmount) {
        this.chargeableAmount = chargeableAmount;
        return this;
    }

    /** Why, as the client knows it. */
    public PurchaseFailedEventBuilder reason(String reason) {
        this.reason = reason == null ? "" : reason;
        return this;
    }

    /** {@code cartId}. */
    public PurchaseFailedEventBuilder cartId(String cartId) {
        this.cartId = cartId == null ? "" : cartId;
        return this;
    }

    /** Ends. The builder may go on, and build another. */
    public PurchaseFailedEvent build() {
        return new PurchaseFailedEvent(this);
    }
}
