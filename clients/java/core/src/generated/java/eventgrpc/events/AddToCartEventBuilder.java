// Written by `cargo xtask codegen` from the proto files; changes made here are lost.
package eventgrpc.events;

/** Collects what makes up an {@link AddToCartEvent}. */
public final class AddToCartEventBuilder {
    long productId;
    String productType = "";
    long variantId;
    int quantity;
    int chargeableAmount;
    String checkoutId = "";
    long streamId;
    boolean isLive;
    long hcpId;
    String cartId = "";
    String checkoutType = "";

    AddToCartEventBuilder() {}

    /** {@code productId}. */
    public AddToCartEventBuilder productId(long productId) {
        this.productId = productId;
        return this;
    }

    /** {@code productType}. */
    public AddToCartEventBuilder productType(String productType) {
        this.productType = productType == null ? "" : productType;
        return this;
    }

    /** Which variant of the product, such as its size or colour. */
    public AddToCartEventBuilder variantId(long variantId) {
        this.variantId = variantId;
        return this;
    }

    /** {@code quantity}. */
    public AddToCartEventBuilder quantity(int quantity) {
        this.quantity = quantity;
        return this;
    }

    /** What the user would pay; an integer here, a float in the purchase events. */
    public AddToCartEventBuilder chargeableAmount(int chargeableAmount) {
        this.chargeableAmount = chargeableAmount;
        return this;
    }

    /** The checkout that this leads into. */
    public AddToCartEventBuilder checkoutId(String checkoutId) {
        this.checkoutId = checkoutId == null ? "" : checkoutId;
        return this;
    }

    /** The stream it was added from. */
    public AddToCartEventBuilder streamId(long streamId) {
        this.streamId = streamId;
        return this;
    }

    /** Whether that stream was live. */
    public AddToCartEventBuilder isLive(boolean isLive) {
        this.isLive = isLive;
        return this;
    }

    /** A number here, a string in EnterPWAProductPageEvent. */
    public AddToCartEventBuilder hcpId(long hcpId) {
        this.hcpId = hcpId;
        return this;
    }

    /** {@code cartId}. */
    public AddToCartEventBuilder cartId(String cartId) {
        this.cartId = cartId == null ? "" : cartId;
        return this;
    }

    /** The kind of checkout. */
    public AddToCartEventBuilder checkoutType(String checkoutType) {
        this.checkoutType = checkoutType == null ? "" : checkoutType;
        return this;
    }

    /** Ends. The builder may go on, and build another. */
    public AddToCartEvent build() {
        return new AddToCartEvent(this);
    }
}
