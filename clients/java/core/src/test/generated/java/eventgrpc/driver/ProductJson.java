// Written by `cargo xtask codegen` from the proto files; changes made here are lost.
package eventgrpc.driver;

import eventgrpc.events.CheckDeliveryInfoEvent;
import eventgrpc.events.CheckDeliveryInfoEventBuilder;
import eventgrpc.events.EnterPWAProductPageEvent;
import eventgrpc.events.EnterPWAProductPageEventBuilder;
import eventgrpc.events.EnterProductEvent;
import eventgrpc.events.EnterProductEventBuilder;
import eventgrpc.events.PDPActionEvent;
import eventgrpc.events.PDPActionEventBuilder;
import eventgrpc.events.PDPTagClickEvent;
import eventgrpc.events.PDPTagClickEventBuilder;

/** Makes messages of JSON, for tests. */
final class ProductJson {
    private ProductJson() {}

    static EnterPWAProductPageEvent enterPWAProductPageEvent(Fields fields) {
        EnterPWAProductPageEventBuilder builder = EnterPWAProductPageEvent.builder();
        fields.with("productId", value -> builder.productId(Values.int64(value)));
        fields.with("productType", value -> builder.productType(Values.string(value)));
        fields.with("hcpId", value -> builder.hcpId(Values.string(value)));
        fields.with("affiliateChannel", value -> builder.affiliateChannel(Values.string(value)));
        fields.with("productName", value -> builder.productName(Values.string(value)));
        return builder.build();
    }

    static EnterProductEvent enterProductEvent(Fields fields) {
        EnterProductEventBuilder builder = EnterProductEvent.builder();
        fields.with("productId", value -> builder.productId(Values.int64(value)));
        fields.with("productType", value -> builder.productType(Values.string(value)));
        fields.with("subCategoryId", value -> builder.subCategoryId(Values.string(value)));
        fields.with("categoryId", value -> builder.categoryId(Values.string(value)));
        fields.with("socialStreamId", value -> builder.socialStreamId(Values.int64(value)));
        fields.with("productName", value -> builder.productName(Values.string(value)));
        fields.with("defaultSelectionOn", value -> builder.defaultSelectionOn(Values.bool(value)));
        fields.with("isOOS", value -> builder.isOOS(Values.bool(value)));
        fields.with("slug", value -> builder.slug(Values.string(value)));
        fields.with("screenState", value -> builder.screenState(Values.string(value)));
        return builder.build();
    }

    static PDPTagClickEvent pDPTagClickEvent(Fields fields) {
        PDPTagClickEventBuilder builder = PDPTagClickEvent.builder();
        fields.with("slug", value -> builder.slug(Values.string(value)));
        fields.with("tagText", value -> builder.tagText(Values.string(value)));
        fields.with("tagId", value -> builder.tagId(Values.string(value)));
        fields.with("productId", value -> builder.productId(Values.int64(value)));
        fields.with("productType", value -> builder.productType(Values.string(value)));
        fields.with("subCategoryId", value -> builder.subCategoryId(Values.string(value)));
        fields.with("categoryId", value -> builder.categoryId(Values.string(value)));
        fields.with("socialStreamId", value -> builder.socialStreamId(Values.int64(value)));
        fields.with("productName", value -> builder.productName(Values.string(value)));
        fields.with("defaultSelectionOn", value -> builder.defaultSelectionOn(Values.bool(value)));
        fields.with("isOOS", value -> builder.isOOS(Values.bool(value)));
        fields.with("screenState", value -> builder.screenState(Values.string(value)));
        return builder.build();
    }

    static PDPActionEvent pDPActionEvent(Fields fields) {
        PDPActionEventBuilder builder = PDPActionEvent.builder();
        fields.with("slug", value -> builder.slug(Values.string(value)));
        fields.with("action", value -> builder.action(Values.string(value)));
        fields.with("productId", value -> builder.productId(Values.int64(value)));
        fields.with("productType", value -> builder.productType(Values.string(value)));
        fields.with("subCategoryId", value -> builder.subCategoryId(Values.string(value)));
        fields.with("categoryId", value -> builder.categoryId(Values.string(value)));
        fields.with("socialStreamId", value -> builder.socialStreamId(Values.int64(value)));
        fields.with("productName", value -> builder.productName(Values.string(value)));
        fields.with("defaultSelectionOn", value -> builder.defaultSelectionOn(Values.bool(value)));
        fields.with("isOOS", value -> builder.isOOS(Values.bool(value)));
        fields.with("screenState", value -> builder.screenState(Values.string(value)));
        return builder.build();
    }

    static CheckDeliveryInfoEvent checkDeliveryInfoEvent(Fields fields) {
        CheckDeliveryInfoEventBuilder builder = CheckDeliveryInfoEvent.builder();
        fields.with("actionInstance", value -> builder.actionInstance(Values.string(value)));
        fields.with("pincode", value -> builder.pincode(Values.int64(value)));
        return builder.build();
    }
}
