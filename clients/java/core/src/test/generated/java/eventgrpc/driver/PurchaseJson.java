// Written by `cargo xtask codegen` from the proto files; changes made here are lost.
package eventgrpc.driver;

import eventgrpc.events.CompletePurchaseEvent;
import eventgrpc.events.CompletePurchaseEventBuilder;
import eventgrpc.events.GoToPaymentsEvent;
import eventgrpc.events.GoToPaymentsEventBuilder;
import eventgrpc.events.InitiatePurchaseEvent;
import eventgrpc.events.InitiatePurchaseEventBuilder;
import eventgrpc.events.PurchaseFailedEvent;
import eventgrpc.events.PurchaseFailedEventBuilder;
import eventgrpc.events.ReturnExchangeFlowActionEvent;
import eventgrpc.events.ReturnExchangeFlowActionEventBuilder;

/** Makes messages of JSON, for tests. */
final class PurchaseJson {
    private PurchaseJson() {}

    static GoToPaymentsEvent goToPaymentsEvent(Fields fields) {
        GoToPaymentsEventBuilder builder = GoToPaymentsEvent.builder();
        fields.with("productId", value -> builder.productId(Values.int64(value)));
        fields.with("checkoutId", value -> builder.checkoutId(Values.string(value)));
        fields.with("productType", value -> builder.productType(Values.string(value)));
        fields.with("coupon", value -> builder.coupon(Values.string(value)));
        fields.with("chargeableAmount", value -> builder.chargeableAmount(Values.float32(value)));
        fields.with("productIds", value -> builder.productIds(Values.list(value, Values::int64)));
        fields.with("cartId", value -> builder.cartId(Values.string(value)));
        fields.with("socialStreamIds", value -> builder.socialStreamIds(Values.list(value, Values::int64)));
        return builder.build();
    }

    static InitiatePurchaseEvent initiatePurchaseEvent(Fields fields) {
        InitiatePurchaseEventBuilder builder = InitiatePurchaseEvent.builder();
        fields.with("isBag", value -> builder.isBag(Values.bool(value)));
        fields.with("productId", value -> builder.productId(Values.int64(value)));
        fields.with("productType", value -> builder.productType(Values.string(value)));
        fields.with("checkoutId", value -> builder.checkoutId(Values.string(value)));
        fields.with("chargeableAmount", value -> builder.chargeableAmount(Values.float32(value)));
        fields.with("coupon", value -> builder.coupon(Values.string(value)));
        fields.with("paymentMethod", value -> builder.paymentMethod(Values.string(value)));
        fields.with("productIds", value -> builder.productIds(Values.list(value, Values::int64)));
        fields.with("cartId", value -> builder.cartId(Values.string(value)));
        fields.with("socialStreamIds", value -> builder.socialStreamIds(Values.list(value, Values::int64)));
        return builder.build();
    }

    static CompletePurchaseEvent completePurchaseEvent(Fields fields) {
        CompletePurchaseEventBuilder builder = CompletePurchaseEvent.builder();
        fields.with("productId", value -> builder.productId(Values.int64(value)));
        fields.with("productType", value -> builder.productType(Values.string(value)));
        fields.with("checkoutId", value -> builder.checkoutId(Values.string(value)));
        fields.with("chargeableAmount", value -> builder.chargeableAmount(Values.float32(value)));
        fields.with("coupon", value -> builder.coupon(Values.string(value)));
        fields.with("paymentMethod", value -> builder.paymentMethod(Values.string(value)));
        fields.with("transactionId", value -> builder.transactionId(Values.string(value)));
        fields.with("productIds", value -> builder.productIds(Values.list(value, Values::int64)));
        fields.with("cartId", value -> builder.cartId(Values.string(value)));
        fields.with("socialStreamIds", value -> builder.socialStreamIds(Values.list(value, Values::int64)));
        return builder.build();
    }

    static PurchaseFailedEvent purchaseFailedEvent(Fields fields) {
        PurchaseFailedEventBuilder builder = PurchaseFailedEvent.builder();
        fields.with("checkoutId", value -> builder.checkoutId(Values.string(value)));
        fields.with("chargeableAmount", value -> builder.chargeableAmount(Values.float32(value)));
        fields.with("reason", value -> builder.reason(Values.string(value)));
        fields.with("cartId", value -> builder.cartId(Values.string(value)));
        return builder.build();
    }

    static ReturnExchangeFlowActionEvent returnExchangeFlowActionEvent(Fields fields) {
        ReturnExchangeFlowActionEventBuilder builder = ReturnExchangeFlowActionEvent.builder();
        fields.with("type", value -> builder.type(Values.string(value)));
        fields.with("action", value -> builder.action(Values.string(value)));
        fields.with("step", value -> builder.step(Values.int64(value)));
        fields.with("existingAccountCount", value -> builder.existingAccountCount(Values.int64(value)));
        fields.with("reason", value -> builder.reason(Values.string(value)));
        return builder.build();
    }
}
