// Written by `cargo xtask codegen` from the proto files; changes made here are lost.
package eventgrpc.driver;

import eventgrpc.events.RecoInfo;
import eventgrpc.events.RecoInfoBuilder;
import eventgrpc.events.WidgetCtaClickedEvent;
import eventgrpc.events.WidgetCtaClickedEventBuilder;
import eventgrpc.events.WidgetElementClickedEvent;
import eventgrpc.events.WidgetElementClickedEventBuilder;
import eventgrpc.events.WidgetElementViewEvent;
import eventgrpc.events.WidgetElementViewEventBuilder;
import eventgrpc.events.WidgetViewEvent;
import eventgrpc.events.WidgetViewEventBuilder;

/** Makes messages of JSON, for tests. */
final class WidgetJson {
    private WidgetJson() {}

    static RecoInfo recoInfo(Fields fields) {
        RecoInfoBuilder builder = RecoInfo.builder();
        fields.with("model", value -> builder.model(Values.string(value)));
        fields.with("personaType", value -> builder.personaType(Values.string(value)));
        fields.with("personaValue", value -> builder.personaValue(Values.string(value)));
        fields.with("bucketLabel", value -> builder.bucketLabel(Values.string(value)));
        fields.with("recoInfoKV", value -> builder.recoInfoKV(Values.map(value, Values::string, Values::string)));
        return builder.build();
    }

    static WidgetViewEvent widgetViewEvent(Fields fields) {
        WidgetViewEventBuilder builder = WidgetViewEvent.builder();
        fields.with("variantName", value -> builder.variantName(Values.string(value)));
        fields.with("widgetType", value -> builder.widgetType(Values.string(value)));
        fields.with("elementCount", value -> builder.elementCount(Values.int64(value)));
        fields.with("pageSlot", value -> builder.pageSlot(Values.int64(value)));
        fields.with("widgetId", value -> builder.widgetId(Values.string(value)));
        fields.with("recoInfo", value -> builder.recoInfo(Values.message(WidgetJson::recoInfo).apply(value)));
        fields.with("title", value -> builder.title(Values.string(value)));
        fields.with("subTitle", value -> builder.subTitle(Values.string(value)));
        fields.with("label", value -> builder.label(Values.string(value)));
        fields.with("elementType", value -> builder.elementType(Values.string(value)));
        fields.with("hasCTA", value -> builder.hasCTA(Values.bool(value)));
        fields.with("source", value -> builder.source(Values.string(value)));
        fields.with("sourceIdentifier", value -> builder.sourceIdentifier(Values.string(value)));
        fields.with("pageSlug", value -> builder.pageSlug(Values.string(value)));
        fields.with("widgetDataId", value -> builder.widgetDataId(Values.string(value)));
        fields.with("headerVariantName", value -> builder.headerVariantName(Values.string(value)));
        fields.with("footerVariantName", value -> builder.footerVariantName(Values.string(value)));
        fields.with("recoInfoKV", value -> builder.recoInfoKV(Values.map(value, Values::string, Values::string)));
        fields.with("pageNo", value -> builder.pageNo(Values.int64(value)));
        fields.with("isAffiliateProduct", value -> builder.isAffiliateProduct(Values.bool(value)));
        fields.with("affiliatePartnerName", value -> builder.affiliatePartnerName(Values.string(value)));
        fields.with("query", value -> builder.query(Values.string(value)));
        fields.with("position", value -> builder.position(Values.int32(value)));
        return builder.build();
    }

    static WidgetCtaClickedEvent widgetCtaClickedEvent(Fields fields) {
        WidgetCtaClickedEventBuilder builder = WidgetCtaClickedEvent.builder();
        fields.with("variantName", value -> builder.variantName(Values.string(value)));
        fields.with("widgetType", value -> builder.widgetType(Values.string(value)));
        fields.with("elementCount", value -> builder.elementCount(Values.int64(value)));
        fields.with("pageSlot", value -> builder.pageSlot(Values.int64(value)));
        fields.with("widgetId", value -> builder.widgetId(Values.string(value)));
        fields.with("recoInfo", value -> builder.recoInfo(Values.message(WidgetJson::recoInfo).apply(value)));
        fields.with("title", value -> builder.title(Values.string(value)));
        fields.with("subTitle", value -> builder.subTitle(Values.string(value)));
        fields.with("label", value -> builder.label(Values.string(value)));
        fields.with("actionLink", value -> builder.actionLink(Values.string(value)));
        fields.with("elementType", value -> builder.elementType(Values.string(value)));
        fields.with("ctaText", value -> builder.ctaText(Values.string(value)));
        fields.with("source", value -> builder.source(Values.string(value)));
        fields.with("sourceIdentifier", value -> builder.sourceIdentifier(Values.string(value)));
        fields.with("pageSlug", value -> builder.pageSlug(Values.string(value)));
        fields.with("widgetDataId", value -> builder.widgetDataId(Values.string(value)));
        fields.with("headerVariantName", value -> builder.headerVariantName(Values.string(value)));
        fields.with("footerVariantName", value -> builder.footerVariantName(Values.string(value)));
        fields.with("recoInfoKV", value -> builder.recoInfoKV(Values.map(value, Values::string, Values::string)));
        fields.with("pageNo", value -> builder.pageNo(Values.int64(value)));
        fields.with("isAffiliateProduct", value -> builder.isAffiliateProduct(Values.bool(value)));
        fields.with("affiliatePartnerName", value -> builder.affiliatePartnerName(Values.string(value)));
        fields.with("query", value -> builder.query(Values.string(value)));
        return builder.build();
    }

    static WidgetElementViewEvent widgetElementViewEvent(Fields fields) {
        WidgetElementViewEventBuilder builder = WidgetElementViewEvent.builder();
        fields.with("variantName", value -> builder.variantName(Values.string(value)));
        fields.with("widgetType", value -> builder.widgetType(Values.string(value)));
        fields.with("elementCount", value -> builder.elementCount(Values.int64(value)));
        fields.with("pageSlot", value -> builder.pageSlot(Values.int64(value)));
        fields.with("widgetId", value -> builder.widgetId(Values.string(value)));
        fields.with("position", value -> builder.position(Values.int64(value)));
        fields.with("recoInfo", value -> builder.recoInfo(Values.message(WidgetJson::recoInfo).apply(value)));
        fields.with("title", value -> builder.title(Values.string(value)));
        fields.with("subTitle", value -> builder.subTitle(Values.string(value)));
        fields.with("label", value -> builder.label(Values.string(value)));
        fields.with("elementId", value -> builder.elementId(Values.string(value)));
        fields.with("elementType", value -> builder.elementType(Values.string(value)));
        fields.with("fomoText", value -> builder.fomoText(Values.string(value)));
        fields.with("price", value -> builder.price(Values.float32(value)));
        fields.with("source", value -> builder.source(Values.string(value)));
        fields.with("sourceIdentifier", value -> builder.sourceIdentifier(Values.string(value)));
        fields.with("headerVariantName", value -> builder.headerVariantName(Values.string(value)));
        fields.with("footerVariantName", value -> builder.footerVariantName(Values.string(value)));
        fields.with("productType", value -> builder.productType(Values.string(value)));
        fields.with("pageSlug", value -> builder.pageSlug(Values.string(value)));
        fields.with("parentRecoInfoKV", value -> builder.parentRecoInfoKV(Values.map(value, Values::string, Values::string)));
        fields.with("widgetDataId", value -> builder.widgetDataId(Values.string(value)));
        fields.with("recoInfoKV", value -> builder.recoInfoKV(Values.map(value, Values::string, Values::string)));
        fields.with("pageNo", value -> builder.pageNo(Values.int64(value)));
        fields.with("isAffiliateProduct", value -> builder.isAffiliateProduct(Values.bool(value)));
        fields.with("affiliatePartnerName", value -> builder.affiliatePartnerName(Values.string(value)));
        fields.with("query", value -> builder.query(Values.string(value)));
        fields.with("isOOS", value -> builder.isOOS(Values.bool(value)));
        return builder.build();
    }

    static WidgetElementClickedEvent widgetElementClickedEvent(Fields fields) {
        WidgetElementClickedEventBuilder builder = WidgetElementClickedEvent.builder();
        fields.with("variantName", value -> builder.variantName(Values.string(value)));
        fields.with("widgetType", value -> builder.widgetType(Values.string(value)));
        fields.with("elementCount", value -> builder.elementCount(Values.int64(value)));
        fields.with("pageSlot", value -> builder.pageSlot(Values.int64(value)));
        fields.with("widgetId", value -> builder.widgetId(Values.string(value)));
        fields.with("position", value -> builder.position(Values.int64(value)));
        fields.with("recoInfo", value -> builder.recoInfo(Values.message(WidgetJson::recoInfo).apply(value)));
        fields.with("title", value -> builder.title(Values.string(value)));
        fields.with("subTitle", value -> builder.subTitle(Values.string(value)));
        fields.with("label", value -> builder.label(Values.string(value)));
        fields.with("elementId", value -> builder.elementId(Values.string(value)));
        fields.with("elementType", value -> builder.elementType(Values.string(value)));
        fields.with("fomoText", value -> builder.fomoText(Values.string(value)));
        fields.with("price", value -> builder.price(Values.float32(value)));
        fields.with("source", value -> builder.source(Values.string(value)));
        fields.with("sourceIdentifier", value -> builder.sourceIdentifier(Values.string(value)));
        fields.with("headerVariantName", value -> builder.headerVariantName(Values.string(value)));
        fields.with("footerVariantName", value -> builder.footerVariantName(Values.string(value)));
        fields.with("productType", value -> builder.productType(Values.string(value)));
        fields.with("pageSlug", value -> builder.pageSlug(Values.string(value)));
        fields.with("parentRecoInfoKV", value -> builder.parentRecoInfoKV(Values.map(value, Values::string, Values::string)));
        fields.with("widgetDataId", value -> builder.widgetDataId(Values.string(value)));
        fields.with("recoInfoKV", value -> builder.recoInfoKV(Values.map(value, Values::string, Values::string)));
        fields.with("pageNo", value -> builder.pageNo(Values.int64(value)));
        fields.with("isAffiliateProduct", value -> builder.isAffiliateProduct(Values.bool(value)));
        fields.with("affiliatePartnerName", value -> builder.affiliatePartnerName(Values.string(value)));
        fields.with("query", value -> builder.query(Values.string(value)));
        fields.with("isOOS", value -> builder.isOOS(Values.bool(value)));
        return builder.build();
    }
}
