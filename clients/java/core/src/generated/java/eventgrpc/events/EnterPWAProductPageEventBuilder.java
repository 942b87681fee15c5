// Written by `cargo xtask codegen` from the proto files; changes made here are lost.
package eventgrpc.events;

/** Collects what makes up an {@link EnterPWAProductPageEvent}. */
public final class EnterPWAProductPageEventBuilder {
    long productId;
    String productType = "";
    String hcpId = "";
    String affiliateChannel = "";
    String productName = "";

    EnterPWAProductPageEventBuilder() {}

    /** {@code productId}. */
    public EnterPWAProductPageEventBuilder productId(long productId) {
        this.productId = productId;
        return this;
    }

    /** {@code productType}. */
    public EnterPWAProductPageEventBuilder productType(String productType) {
        this.productType = productType == null ? "" : productType;
        return this;
    }

    /** A string here, a number in AddToCartEvent. */
    public EnterPWAProductPageEventBuilder hcpId(String hcpId) {
        this.hcpId = hcpId == null ? "" : hcpId;
        return this;
    }

    /** The affiliate channel that led here. */
    public EnterPWAProductPageEventBuilder affiliateChannel(String affiliateChannel) {
        this.affiliateChannel = affiliateChannel == null ? "" : affiliateChannel;
        return this;
    }

    /** {@code productName}. */
    public EnterPWAProductPageEventBuilder productName(String productName) {
        this.productName = productName == null ? "" : productName;
        return this;
    }

    /** Ends. The builder may go on, and build another. */
    public EnterPWAProductPageEvent build() {
        return new EnterPWAProductPageEvent(this);
    }
}
