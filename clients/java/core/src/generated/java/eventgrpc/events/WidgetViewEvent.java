// Written by `cargo xtask codegen` from the proto files; changes made here are lost.
package eventgrpc.events;

import eventgrpc.Event;
import eventgrpc.ProtoValue;
import eventgrpc.ProtoWriter;
import java.util.Map;

/** The client brought a widget into view. */
public final class WidgetViewEvent extends Event {
    private final String variantName;
    private final String widgetType;
    private final long elementCount;
    private final long pageSlot;
    private final String widgetId;
    private final RecoInfo recoInfo;
    private final String title;
    private final String subTitle;
    private final String label;
    private final String elementType;
    private final boolean hasCTA;
    private final String source;
    private final String sourceIdentifier;
    private final String pageSlug;
    private final String widgetDataId;
    private final String headerVariantName;
    private final String footerVariantName;
    private final Map<String, String> recoInfoKV;
    private final long pageNo;
    private final boolean isAffiliateProduct;
    private final String affiliatePartnerName;
    private final String query;
    private final int position;

    WidgetViewEvent(WidgetViewEventBuilder builder) {
        variantName = builder.variantName;
        widgetType = builder.widgetType;
        elementCount = builder.elementCount;
        pageSlot = builder.pageSlot;
        widgetId = builder.widgetId;
        recoInfo = builder.recoInfo;
        title = builder.title;
        subTitle = builder.subTitle;
        label = builder.label;
        elementType = builder.elementType;
        hasCTA = builder.hasCTA;
        source = builder.source;
        sourceIdentifier = builder.sourceIdentifier;
        pageSlug = builder.pageSlug;
        widgetDataId = builder.widgetDataId;
        headerVariantName = builder.headerVariantName;
        footerVariantName = builder.footerVariantName;
        recoInfoKV = builder.recoInfoKV;
        pageNo = builder.pageNo;
        isAffiliateProduct = builder.isAffiliateProduct;
        affiliatePartnerName = builder.affiliatePartnerName;
        query = builder.query;
        position = builder.position;
    }

    /** Begins one of which nothing is set. */
    public static WidgetViewEventBuilder builder() {
        return new WidgetViewEventBuilder();
    }

    /** The layout that the widget was drawn with. */
    public String getVariantName() {
        return variantName;
    }

    /** {@code widgetType}. */
    public String getWidgetType() {
        return widgetType;
    }

    /** How many elements the widget holds. */
    public long getElementCount() {
        return elementCount;
    }

    /** The widget's place on the page. */
    public long getPageSlot() {
        return pageSlot;
    }

    /** {@code widgetId}. */
    public String getWidgetId() {
        return widgetId;
    }

    /** What the recommender said about the content. Null if it isn't set. */
    public RecoInfo getRecoInfo() {
        return recoInfo;
    }

    /** {@code title}. */
    public String getTitle() {
        return title;
    }

    /** {@code subTitle}. */
    public String getSubTitle() {
        return subTitle;
    }

    /** A short text shown with the title. */
    public String getLabel() {
        return label;
    }

    /** {@code elementType}. */
    public String getElementType() {
        return elementType;
    }

    /** Whether the widget has a call to action, a button that leads on. */
    public boolean getHasCTA() {
        return hasCTA;
    }

    /** Where the content comes from; sourceIdentifier says which one of its kind. */
    public String getSource() {
        return source;
    }

    /** {@code sourceIdentifier}. */
    public String getSourceIdentifier() {
        return sourceIdentifier;
    }

    /** The page's name in its address. */
    public String getPageSlug() {
        return pageSlug;
    }

    /** The data that fills the widget; widgetId is the widget itself. */
    public String getWidgetDataId() {
        return widgetDataId;
    }

    /** The layout of the widget's header. */
    public String getHeaderVariantName() {
        return headerVariantName;
    }

    /** The layout of the widget's footer. */
    public String getFooterVariantName() {
        return footerVariantName;
    }

    /** What else the recommender said, by key. */
    public Map<String, String> getRecoInfoKV() {
        return recoInfoKV;
    }

    /** Which page of a list that loads by pages. */
    public long getPageNo() {
        return pageNo;
    }

    /** {@code isAffiliateProduct}. */
    public boolean isAffiliateProduct() {
        return isAffiliateProduct;
    }

    /** The partner, if it is an affiliate's product. */
    public String getAffiliatePartnerName() {
        return affiliatePartnerName;
    }

    /** The search that the content answers. */
    public String getQuery() {
        return query;
    }

    /** The widget's place among those shown. */
    public int getPosition() {
        return position;
    }

    @Override
    public String eventType() {
        return "widgetViewEvent";
    }

    @Override
    public int eventNumber() {
        return 13;
    }

    @Override
    public void writeTo(ProtoWriter out) {
        out.write(4, ProtoValue.STRING, variantName);
        out.write(5, ProtoValue.STRING, widgetType);
        out.write(6, ProtoValue.INT64, elementCount);
        out.write(7, ProtoValue.INT64, pageSlot);
        out.write(8, ProtoValue.STRING, widgetId);
        out.put(9, ProtoValue.MESSAGE, recoInfo);
        out.write(10, ProtoValue.STRING, title);
        out.write(11, ProtoValue.STRING, subTitle);
        out.write(12, ProtoValue.STRING, label);
        out.write(14, ProtoValue.STRING, elementType);
        out.write(15, ProtoValue.BOOL, hasCTA);
        out.write(16, ProtoValue.STRING, source);
        out.write(17, ProtoValue.STRING, sourceIdentifier);
        out.write(18, ProtoValue.STRING, pageSlug);
        out.write(19, ProtoValue.STRING, widgetDataId);
        out.write(21, ProtoValue.STRING, headerVariantName);
        out.write(22, ProtoValue.STRING, footerVariantName);
        out.map(23, ProtoValue.STRING, ProtoValue.STRING, recoInfoKV);
        out.write(24, ProtoValue.INT64, pageNo);
        out.write(25, ProtoValue.BOOL, isAffiliateProduct);
        out.write(26, ProtoValue.STRING, affiliatePartnerName);
        out.write(27, ProtoValue.STRING, query);
        out.write(28, ProtoValue.INT32, position);
    }
}
