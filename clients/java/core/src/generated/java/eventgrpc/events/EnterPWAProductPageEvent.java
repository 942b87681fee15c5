// Written by `cargo xtask codegen` from the proto files; changes made here are lost.
package eventgrpc.events;

import eventgrpc.Event;
import eventgrpc.ProtoValue;
import eventgrpc.ProtoWriter;

/** The client opened a product page of the web app. */
public final class EnterPWAProductPageEvent extends Event {
    private final long productId;
    private final String productType;
    private final String hcpId;
    private final String affiliateChannel;
    private final String productName;

    EnterPWAProductPageEvent(EnterPWAProductPageEventBuilder builder) {
        productId = builder.productId;
        productType = builder.productType;
        hcpId = builder.hcpId;
        affiliateChannel = builder.affiliateChannel;
        productName = builder.productName;
    }

    /** Begins one of which nothing is set. */
    public static EnterPWAProductPageEventBuilder builder() {
        return new EnterPWAProductPageEventBuilder();
    }

    /** {@code productId}. */
    public long getProductId() {
        return productId;
    }

    /** {@code productType}. */
    public String getProductType() {
        return productType;
    }

    /** A string here, a number in AddToCartEvent. */
    public String getHcpId() {
        return hcpId;
    }

    /** The affiliate channel that led here. */
    public String getAffiliateChannel() {
        return affiliateChannel;
    }

    /** {@code productName}. */
    public String getProductName() {
        return productName;
    }

    @Override
    public String eventType() {
        return "enterPWAProductPageEvent";
    }

    @Override
    public int eventNumber() {
        return 17;
    }

    @Override
    public void writeTo(ProtoWriter out) {
        out.write(5, ProtoValue.INT64, productId);
        out.write(6, ProtoValue.STRING, productType);
        out.write(7, ProtoValue.STRING, hcpId);
        out.write(8, ProtoValue.STRING, affiliateChannel);
        out.write(9, ProtoValue.STRING, productName);
    }
}
