// Written by `cargo xtask codegen` from the proto files; changes made here are lost.
package eventgrpc.events;

import eventgrpc.Copies;
import java.util.Map;

/** Collects what makes up a {@link WidgetCtaClickedEvent}. */
public final class WidgetCtaClickedEventBuilder {
    String variantName = "";
    String widgetType = "";
    long elementCount;
    long pageSlot;
    String widgetId = "";
    RecoInfo recoInfo;
    String title = "";
    String subTitle = "";
    String label = "";
    String actionLink = "";
    String elementType = "";
    String ctaText = "";
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

    WidgetCtaClickedEventBuilder() {}

    /** The layout that the widget was drawn with. */
    public WidgetCtaClickedEventBuilder variantName(String variantName) {
        this.variantName = variantName == null ? "" : variantName;
        return this;
    }

    /** {@code widgetType}. */
    public WidgetCtaClickedEventBuilder widgetType(String widgetType) {
        this.widgetType = widgetType == null ? "" : widgetType;
        return this;
    }

    /** How many elements the widget holds. */
    public WidgetCtaClickedEventBuilder elementCount(long elementCount) {
        this.elementCount = elementCount;
        return this;
    }

    /** The widget's place on the page. */
    public WidgetCtaClickedEventBuilder pageSlot(long pageSlot) {
        this.pageSlot = pageSlot;
        return this;
    }

    /** {@code widgetId}. */
    public WidgetCtaClickedEventBuilder widgetId(String widgetId) {
        this.widgetId = widgetId == null ? "" : widgetId;
        return this;
    }

    /** What the recommender said about the content. */
    public WidgetCtaClickedEventBuilder recoInfo(RecoInfo recoInfo) {
        this.recoInfo = recoInfo;
        return this;
    }

    /** {@code title}. */
    public WidgetCtaClickedEventBuilder title(String title) {
        this.title = title == null ? "" : title;
        return this;
    }

    /** {@code subTitle}. */
    public WidgetCtaClickedEventBuilder subTitle(String subTitle) {
        this.subTitle = subTitle == null ? "" : subTitle;
        return this;
    }

    /** A short text shown with the title. */
    public WidgetCtaClickedEventBuilder label(String label) {
        this.label = label == null ? "" : label;
        return this;
    }

    /** Where the button leads. */
    public WidgetCtaClickedEventBuilder actionLink(String actionLink) {
        this.actionLink = actionLink == null ? "" : actionLink;
        return this;
    }

    /** {@code elementType}. */
    public WidgetCtaClickedEventBuilder elementType(String elementType) {
        this.elementType = elementType == null ? "" : elementType;
        return this;
    }

    /** The text on the button. */
    public WidgetCtaClickedEventBuilder ctaText(String ctaText) {
        this.ctaText = ctaText == null ? "" : ctaText;
        return this;
    }

    /** Where the content comes from; sourceIdentifier says which one of its kind. */
    public WidgetCtaClickedEventBuilder source(String source) {
        this.source = source == null ? "" : source;
        return this;
    }

    /** {@code sourceIdentifier}. */
    public WidgetCtaClickedEventBuilder sourceIdentifier(String sourceIdentifier) {
        this.sourceIdentifier = sourceIdentifier == null ? "" : sourceIdentifier;
        return this;
    }

    /** The page's name in its address. */
    public WidgetCtaClickedEventBuilder pageSlug(String pageSlug) {
        this.pageSlug = pageSlug == null ? "" : pageSlug;
        return this;
    }

    /** The data that fills the widget; widgetId is the widget itself. */
    public WidgetCtaClickedEventBuilder widgetDataId(String widgetDataId) {
        this.widgetDataId = widgetDataId == null ? "" : widgetDataId;
        return this;
    }

    /** The layout of the widget's header. */
    public WidgetCtaClickedEventBuilder headerVariantName(String headerVariantName) {
        this.headerVariantName = headerVariantName == null ? "" : headerVariantName;
        return this;
    }

    /** The layout of the widget's footer. */
    public WidgetCtaClickedEventBuilder footerVariantName(String footerVariantName) {
        this.footerVariantName = footerVariantName == null ? "" : footerVariantName;
        return this;
    }

    /** What else the recommender said, by key. */
    public WidgetCtaClickedEventBuilder recoInfoKV(Map<String, String> recoInfoKV) {
        this.recoInfoKV = Copies.map(recoInfoKV);
        return this;
    }

    /** Which page of a list that loads by pages. */
    public WidgetCtaClickedEventBuilder pageNo(long pageNo) {
        this.pageNo = pageNo;
        return this;
    }

    /** {@code isAffiliateProduct}. */
    public WidgetCtaClickedEventBuilder isAffiliateProduct(boolean isAffiliateProduct) {
        this.isAffiliateProduct = isAffiliateProduct;
        return this;
    }

    /** The partner, if it is an affiliate's product. */
    public WidgetCtaClickedEventBuilder affiliatePartnerName(String affiliatePartnerName) {
        this.affiliatePartnerName = affiliatePartnerName == null ? "" : affiliatePartnerName;
        return this;
    }

    /** The search that the content answers. */
    public WidgetCtaClickedEventBuilder query(String query) {
        this.query = query == null ? "" : query;
        return this;
    }

    /** Ends. The builder may go on, and build another. */
    public WidgetCtaClickedEvent build() {
        return new WidgetCtaClickedEvent(this);
    }
}
