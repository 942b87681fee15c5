// Written by `cargo xtask codegen` from the proto files; changes made here are lost.
package eventgrpc.events;

import eventgrpc.Event;
import eventgrpc.ProtoValue;
import eventgrpc.ProtoWriter;

/** The client saw the purchase fail. */
public final class PurchaseFailedEvent extends Event {
    private final String checkoutId;
    private final float chargeableAmount;
    private final String reason;
    private final String cartId;

    PurchaseFailedEvent(PurchaseFailedEventBuilder builder) {
        checkoutId = builder.checkoutId;
        chargeableAmount = builder.chargeableAmount;
        reason = builder.reason;
        cartId = builder.cartId;
    }

    /** Begins one of which nothing is set. */
    public static PurchaseFailedEventBuilder builder() {
        return new PurchaseFailedEventBuilder();
    }

    /** {@code checkoutId}. */
    public String getCheckoutId() {
        return checkoutId;
    }

    /** What the user was to pay. */
    public float getChargeableAmount() {
        return chargeableAmount;
    }

    /** Why, as the client knows it. */
    public String getReason() {
        return reason;
    }

    /** {@code cartId}. */
    public String getCartId() {
        return cartId;
    }

    @Override
    public String eventType() {
        return "purchaseFailedEvent";
    }

    @Override
    public int eventNumber() {
        return 31;
    }

    @Override
    public void writeTo(ProtoWriter out) {
        out.write(7, ProtoValue.STRING, checkoutId);
        out.write(8, ProtoValue.FLOAT, chargeableAmount);
        out.write(9, ProtoValue.STRING, reason);
        out.write(10, ProtoValue.STRING, cartId);
    }
}
