// Written by `cargo xtask codegen` from the proto files; changes made here are lost.
package eventgrpc.events;

import eventgrpc.Copies;
import java.util.Map;

/** Collects what makes up a {@link WidgetViewEvent}. */
public final class WidgetViewEventBuilder {
    String variantName = "";
    String widgetType = "";
    long elementCount;
    long pageSlot;
    String widgetId = "";
    RecoInfo recoInfo;
    String title = "";
    String subTitle = "";
    String label = "";
    String elementType = "";
    boolean hasCTA;
    String source = "";
    String sourceIdentifier = "";
    String pageSlug = "";
    String widgetDataId = "";
    String headerVariantName = "";
    String footerVariantName = "";
    Map<String, String> recoInfoKV = Copies.map(null);
    long pageNo;
    boolean isAffiliateProduct;
    String affiliatePartnerName = "";
    String query = "";
    int position;

    WidgetViewEventBuilder() {}

    /** The layout that the widget was drawn with. */
    public WidgetViewEventBuilder variantName(String variantName) {
        this.variantName = variantName == null ? "" : variantName;
        return this;
    }

    /** {@code widgetType}. */
    public WidgetViewEventBuilder widgetType(String widgetType) {
        this.widgetType = widgetType == null ? "" : widgetType;
        return this;
    }

    /** How many elements the widget holds. */
    public WidgetViewEventBuilder elementCount(long elementCount) {
        this.elementCount = elementCount;
        return this;
    }

    /** The widget's place on the page. */
    public WidgetViewEventBuilder pageSlot(long pageSlot) {
        this.pageSlot = pageSlot;
        return this;
    }

    /** {@code widgetId}. */
    public WidgetViewEventBuilder widgetId(String widgetId) {
        this.widgetId = widgetId == null ? "" : widgetId;
        return this;
    }

    /** What the recommender said about the content. */
    public WidgetViewEventBuilder recoInfo(RecoInfo recoInfo) {
        this.recoInfo = recoInfo;
        return this;
    }

    /** {@code title}. */
    public WidgetViewEventBuilder title(String title) {
        this.title = title == null ? "" : title;
        return this;
    }

    /** {@code subTitle}. */
    public WidgetViewEventBuilder subTitle(String subTitle) {
        this.subTitle = subTitle == null ? "" : subTitle;
        return this;
    }

    /** A short text shown with the title. */
    public WidgetViewEventBuilder label(String label) {
        this.label = label == null ? "" : label;
        return this;
    }

    /** {@code elementType}. */
    public WidgetViewEventBuilder elementType(String elementType) {
        this.elementType = elementType == null ? "" : elementType;
        return this;
    }

    /** Whether the widget has a call to action, a button that leads on. */
    public WidgetViewEventBuilder hasCTA(boolean hasCTA) {
        this.hasCTA = hasCTA;
        return this;
    }

    /** Where the content comes from; sourceIdentifier says which one of its kind. */
    public WidgetViewEventBuilder source(String source) {
        this.source = source == null ? "" : source;
        return this;
    }

    /** {@code sourceIdentifier}. */
    public WidgetViewEventBuilder sourceIdentifier(String sourceIdentifier) {
        this.sourceIdentifier = sourceIdentifier == null ? "" : sourceIdentifier;
        return this;
    }

    /** The page's name in its address. */
    public WidgetViewEventBuilder pageSlug(String pageSlug) {
        this.pageSlug = pageSlug == null ? "" : pageSlug;
        return this;
    }

    /** The data that fills the widget; widgetId is the widget itself. */
    public WidgetViewEventBuilder widgetDataId(String widgetDataId) {
        this.widgetDataId = widgetDataId == null ? "" : widgetDataId;
        return this;
    }

    /** The layout of the widget's header. */
    public WidgetViewEventBuilder headerVariantName(String headerVariantName) {
        this.headerVariantName = headerVariantName == null ? "" : headerVariantName;
        return this;
    }

    /** The layout of the widget's footer. */
    public WidgetViewEventBuilder footerVariantName(String footerVariantName) {
        this.footerVariantName = footerVariantName == null ? "" : footerVariantName;
        return this;
    }

    /** What else the recommender said, by key. */
    public WidgetViewEventBuilder recoInfoKV(Map<String, String> recoInfoKV) {
        this.recoInfoKV = Copies.map(recoInfoKV);
        return this;
    }

    /** Which page of a list that loads by pages. */
    public WidgetViewEventBuilder pageNo(long pageNo) {
        this.pageNo = pageNo;
        return this;
    }

    /** {@code isAffiliateProduct}. */
    public WidgetViewEventBuilder isAffiliateProduct(boolean isAffiliateProduct) {
        this.isAffiliateProduct = isAffiliateProduct;
        return this;
    }

    /** The partner, if it is an affiliate's product. */
    public WidgetViewEventBuilder affiliatePartnerName(String affiliatePartnerName) {
        this.affiliatePartnerName = affiliatePartnerName == null ? "" : affiliatePartnerName;
        return this;
    }

    /** The search that the content answers. */
    public WidgetViewEventBuilder query(String query) {
        this.query = query == null ? "" : query;
        return this;
    }

    /** The widget's place among those shown. */
    public WidgetViewEventBuilder position(int position) {
        this.position = position;
        return this;
    }

    /** Ends. The builder may go on, and build another. */
    public WidgetViewEvent build() {
        return new WidgetViewEvent(this);
    }
}
