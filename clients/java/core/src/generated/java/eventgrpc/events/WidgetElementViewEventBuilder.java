// Written by `cargo xtask codegen` from the proto files; changes made here are lost.
package eventgrpc.events;

import eventgrpc.Copies;
import java.util.Map;

/** Collects what makes up a {@link WidgetElementViewEvent}. */
public final class WidgetElementViewEventBuilder {
    String variantName = "";
    String widgetType = "";
    long elementCount;
    long pageSlot;
    String widgetId = "";
    long position;
    RecoInfo recoInfo;
    String title = "";
    String subTitle = "";
    String label = "";
    String elementId = "";
    String elementType = "";
    String fomoText = "";
    float price;
    String source = "";
    String sourceIdentifier = "";
    String headerVariantName = "";
    String footerVariantName = "";
    String productType = "";
    String pageSlug = "";
    Map<String, String> parentRecoInfoKV = Copies.map(null);
    String widgetDataId = "";
    Map<String, String> recoInfoKV = Copies.map(null);
    long pageNo;
    boolean isAffiliateProduct;
    String affiliatePartnerName = "";
    String query = "";
    boolean isOOS;

    WidgetElementViewEventBuilder() {}

    /** The layout that the widget was drawn with. */
    public WidgetElementViewEventBuilder variantName(String variantName) {
        this.variantName = variantName == null ? "" : variantName;
        return this;
    }

    /** {@code widgetType}. */
    public WidgetElementViewEventBuilder widgetType(String widgetType) {
        this.widgetType = widgetType == null ? "" : widgetType;
        return this;
    }

    /** How many elements the widget holds. */
    public WidgetElementViewEventBuilder elementCount(long elementCount) {
        this.elementCount = elementCount;
        return this;
    }

    /** The widget's place on the page. */
    public WidgetElementViewEventBuilder pageSlot(long pageSlot) {
        this.pageSlot = pageSlot;
        return this;
    }

    /** {@code widgetId}. */
    public WidgetElementViewEventBuilder widgetId(String widgetId) {
        this.widgetId = widgetId == null ? "" : widgetId;
        return this;
    }

    /** The element's place in the widget. */
    public WidgetElementViewEventBuilder position(long position) {
        this.position = position;
        return this;
    }

    /** What the recommender said about the content. */
    public WidgetElementViewEventBuilder recoInfo(RecoInfo recoInfo) {
        this.recoInfo = recoInfo;
        return this;
    }

    /** {@code title}. */
    public WidgetElementViewEventBuilder title(String title) {
        this.title = title == null ? "" : title;
        return this;
    }

    /** {@code subTitle}. */
    public WidgetElementViewEventBuilder subTitle(String subTitle) {
        this.subTitle = subTitle == null ? "" : subTitle;
        return this;
    }

    /** A short text shown with the title. */
    public WidgetElementViewEventBuilder label(String label) {
        this.label = label == null ? "" : label;
        return this;
    }

    /** {@code elementId}. */
    public WidgetElementViewEventBuilder elementId(String elementId) {
        this.elementId = elementId == null ? "" : elementId;
        return this;
    }

    /** {@code elementType}. */
    public WidgetElementViewEventBuilder elementType(String elementType) {
        this.elementType = elementType == null ? "" : elementType;
        return this;
    }

    /** The text that hurries the user, such as how few are left. */
    public WidgetElementViewEventBuilder fomoText(String fomoText) {
        this.fomoText = fomoText == null ? "" : fomoText;
        return this;
    }

    /** The price that was shown. */
    public WidgetElementViewEventBuilder price(float price) {
        this.price = price;
        return this;
    }

    /** Where the content comes from; sourceIdentifier says which one of its kind. */
    public WidgetElementViewEventBuilder source(String source) {
        this.source = source == null ? "" : source;
        return this;
    }

    /** {@code sourceIdentifier}. */
    public WidgetElementViewEventBuilder sourceIdentifier(String sourceIdentifier) {
        this.sourceIdentifier = sourceIdentifier == null ? "" : sourceIdentifier;
        return this;
    }

    /** The layout of the widget's header. */
    public WidgetElementViewEventBuilder headerVariantName(String headerVariantName) {
        this.headerVariantName = headerVariantName == null ? "" : headerVariantName;
        return this;
    }

    /** The layout of the widget's footer. */
    public WidgetElementViewEventBuilder footerVariantName(String footerVariantName) {
        this.footerVariantName = footerVariantName == null ? "" : footerVariantName;
        return this;
    }

    /** {@code productType}. */
    public WidgetElementViewEventBuilder productType(String productType) {
        this.productType = productType == null ? "" : productType;
        return this;
    }

    /** The page's name in its address. */
    public WidgetElementViewEventBuilder pageSlug(String pageSlug) {
        this.pageSlug = pageSlug == null ? "" : pageSlug;
        return this;
    }

    /** What the recommender said about the widget around the element, by key. */
    public WidgetElementViewEventBuilder parentRecoInfoKV(Map<String, String> parentRecoInfoKV) {
        this.parentRecoInfoKV = Copies.map(parentRecoInfoKV);
        return this;
    }

    /** The data that fills the widget; widgetId is the widget itself. */
    public WidgetElementViewEventBuilder widgetDataId(String widgetDataId) {
        this.widgetDataId = widgetDataId == null ? "" : widgetDataId;
        return this;
    }

    /** What else the recommender said, by key. */
    public WidgetElementViewEventBuilder recoInfoKV(Map<String, String> recoInfoKV) {
        this.recoInfoKV = Copies.map(recoInfoKV);
        return this;
    }

    /** Which page of a list that loads by pages. */
    public WidgetElementViewEventBuilder pageNo(long pageNo) {
        this.pageNo = pageNo;
        return this;
    }

    /** {@code isAffiliateProduct}. */
    public WidgetElementViewEventBuilder isAffiliateProduct(boolean isAffiliateProduct) {
        this.isAffiliateProduct = isAffiliateProduct;
        return this;
    }

    /** The partner, if it is an affiliate's product. */
    public WidgetElementViewEventBuilder affiliatePartnerName(String affiliatePartnerName) {
        this.affiliatePartnerName = affiliatePartnerName == null ? "" : affiliatePartnerName;
        return this;
    }

    /** The search that the content answers. */
    public WidgetElementViewEventBuilder query(String query) {
        this.query = query == null ? "" : query;
        return this;
    }

    /** Out of stock. */
    public WidgetElementViewEventBuilder isOOS(boolean isOOS) {
        this.isOOS = isOOS;
        return this;
    }

    /** Ends. The builder may go on, and build another. */
    public WidgetElementViewEvent build() {
        return new WidgetElementViewEvent(this);
    }
}
