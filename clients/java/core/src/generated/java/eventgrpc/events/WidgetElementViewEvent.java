// Written by `cargo xtask codegen` from the proto files; changes made here are lost.
package eventgrpc.events;

import eventgrpc.Event;
import eventgrpc.ProtoValue;
import eventgrpc.ProtoWriter;
import java.util.Map;

/** The client brought one element of a widget into view. */
public final class WidgetElementViewEvent extends Event {
    private final String variantName;
    private final String widgetType;
    private final long elementCount;
    private final long pageSlot;
    private final String widgetId;
    private final long position;
    private final RecoInfo recoInfo;
    private final String title;
    private final String subTitle;
    private final String label;
    private final String elementId;
    private final String elementType;
    private final String fomoText;
    private final float price;
    private final String source;
    private final String sourceIdentifier;
    private final String headerVariantName;
    private final String footerVariantName;
    private final String productType;
    private final String pageSlug;
    private final Map<String, String> parentRecoInfoKV;
    private final String widgetDataId;
    private final Map<String, String> recoInfoKV;
    private final long pageNo;
    private final boolean isAffiliateProduct;
    private final String affiliatePartnerName;
    private final String query;
    private final boolean isOOS;

    WidgetElementViewEvent(WidgetElementViewEventBuilder builder) {
        variantName = builder.variantName;
        widgetType = builder.widgetType;
        elementCount = builder.elementCount;
        pageSlot = builder.pageSlot;
        widgetId = builder.widgetId;
        position = builder.position;
        recoInfo = builder.recoInfo;
        title = builder.title;
        subTitle = builder.subTitle;
        label = builder.label;
        elementId = builder.elementId;
        elementType = builder.elementType;
        fomoText = builder.fomoText;
        price = builder.price;
        source = builder.source;
        sourceIdentifier = builder.sourceIdentifier;
        headerVariantName = builder.headerVariantName;
        footerVariantName = builder.footerVariantName;
        productType = builder.productType;
        pageSlug = builder.pageSlug;
        parentRecoInfoKV = builder.parentRecoInfoKV;
        widgetDataId = builder.widgetDataId;
        recoInfoKV = builder.recoInfoKV;
        pageNo = builder.pageNo;
        isAffiliateProduct = builder.isAffiliateProduct;
        affiliatePartnerName = builder.affiliatePartnerName;
        query = builder.query;
        isOOS = builder.isOOS;
    }

    /** Begins one of which nothing is set. */
    public static WidgetElementViewEventBuilder builder() {
        return new WidgetElementViewEventBuilder();
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

    /** The element's place in the widget. */
    public long getPosition() {
        return position;
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

    /** {@code elementId}. */
    public String getElementId() {
        return elementId;
    }

    /** {@code elementType}. */
    public String getElementType() {
        return elementType;
    }

    /** The text that hurries the user, such as how few are left. */
    public String getFomoText() {
        return fomoText;
    }

    /** The price that was shown. */
    public float getPrice() {
        return price;
    }

    /** Where the content comes from; sourceIdentifier says which one of its kind. */
    public String getSource() {
        return source;
    }

    /** {@code sourceIdentifier}. */
    public String getSourceIdentifier() {
        return sourceIdentifier;
    }

    /** The layout of the widget's header. */
    public String getHeaderVariantName() {
        return headerVariantName;
    }

    /** The layout of the widget's footer. */
    public String getFooterVariantName() {
        return footerVariantName;
    }

    /** {@code productType}. */
    public String getProductType() {
        return productType;
    }

    /** The page's name in its address. */
    public String getPageSlug() {
        return pageSlug;
    }

    /** What the recommender said about the widget around the element, by key. */
    public Map<String, String> getParentRecoInfoKV() {
        return parentRecoInfoKV;
    }

    /** The data that fills the widget; widgetId is the widget itself. */
    public String getWidgetDataId() {
        return widgetDataId;
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

    /** Out of stock. */
    public boolean isOOS() {
        return isOOS;
    }

    @Override
    public String eventType() {
        return "widgetElementViewEvent";
    }

    @Override
    public int eventNumber() {
        return 15;
    }

    @Override
    public void writeTo(ProtoWriter out) {
        out.write(4, ProtoValue.STRING, variantName);
        out.write(5, ProtoValue.STRING, widgetType);
        out.write(6, ProtoValue.INT64, elementCount);
        out.write(7, ProtoValue.INT64, pageSlot);
        out.write(8, ProtoValue.STRING, widgetId);
        out.write(9, ProtoValue.INT64, position);
        out.put(11, ProtoValue.MESSAGE, recoInfo);
        out.write(12, ProtoValue.STRING, title);
        out.write(13, ProtoValue.STRING, subTitle);
        out.write(14, ProtoValue.STRING, label);
        out.write(15, ProtoValue.STRING, elementId);
        out.write(16, ProtoValue.STRING, elementType);
        out.write(17, ProtoValue.STRING, fomoText);
        out.write(18, ProtoValue.FLOAT, price);
        out.write(19, ProtoValue.STRING, source);
        out.write(20, ProtoValue.STRING, sourceIdentifier);
        out.write(21, ProtoValue.STRING, headerVariantName);
        out.write(22, ProtoValue.STRING, footerVariantName);
        out.write(23, ProtoValue.STRING, productType);
        out.write(24, ProtoValue.STRING, pageSlug);
        out.map(25, ProtoValue.STRING, ProtoValue.STRING, parentRecoInfoKV);
        out.write(26, ProtoValue.STRING, widgetDataId);
        out.map(27, ProtoValue.STRING, ProtoValue.STRING, recoInfoKV);
        out.write(28, ProtoValue.INT64, pageNo);
        out.write(29, ProtoValue.BOOL, isAffiliateProduct);
        out.write(30, ProtoValue.STRING, affiliatePartnerName);
        out.write(31, ProtoValue.STRING, query);
        out.write(32, ProtoValue.BOOL, isOOS);
    }
}
