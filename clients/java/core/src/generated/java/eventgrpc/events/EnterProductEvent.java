// Written by `cargo xtask codegen` from the proto files; changes made here are lost.
package eventgrpc.events;

import eventgrpc.Event;
import eventgrpc.ProtoValue;
import eventgrpc.ProtoWriter;

/** The client opened a product page. */
public final class EnterProductEvent extends Event {
    private final long productId;
    private final String productType;
    private final String subCategoryId;
    private final String categoryId;
    private final long socialStreamId;
    private final String productName;
    private final boolean defaultSelectionOn;
    private final boolean isOOS;
    private final String slug;
    private final String screenState;

    EnterProductEvent(EnterProductEventBuilder builder) {
        productId = builder.productId;
        productType = builder.productType;
        subCategoryId = builder.subCategoryId;
        categoryId = builder.categoryId;
        socialStreamId = builder.socialStreamId;
        productName = builder.productName;
        defaultSelectionOn = builder.defaultSelectionOn;
        isOOS = builder.isOOS;
        slug = builder.slug;
        screenState = builder.screenState;
    }

    /** Begins one of which nothing is set. */
    public static EnterProductEventBuilder builder() {
        return new EnterProductEventBuilder();
    }

    /** {@code productId}. */
    public long getProductId() {
        return productId;
    }

    /** {@code productType}. */
    public String getProductType() {
        return productType;
    }

    /** {@code subCategoryId}. */
    public String getSubCategoryId() {
        return subCategoryId;
    }

    /** {@code categoryId}. */
    public String getCategoryId() {
        return categoryId;
    }

    /** The social stream that led here. */
    public long getSocialStreamId() {
        return socialStreamId;
    }

    /** {@code productName}. */
    public String getProductName() {
        return productName;
    }

    /** Whether a variant was chosen beforehand. */
    public boolean getDefaultSelectionOn() {
        return defaultSelectionOn;
    }

    /** Out of stock. */
    public boolean isOOS() {
        return isOOS;
    }

    /** The product's name in its address. */
    public String getSlug() {
        return slug;
    }

    /** What the screen was showing. */
    public String getScreenState() {
        return screenState;
    }

    @Override
    public String eventType() {
        return "enterProductEvent";
    }

    @Override
    public int eventNumber() {
        return 29;
    }

    @Override
    public void writeTo(ProtoWriter out) {
        out.write(5, ProtoValue.INT64, productId);
        out.write(6, ProtoValue.STRING, productType);
        out.write(7, ProtoValue.STRING, subCategoryId);
        out.write(8, ProtoValue.STRING, categoryId);
        out.write(9, ProtoValue.INT64, socialStreamId);
        out.write(10, ProtoValue.STRING, productName);
        out.write(11, ProtoValue.BOOL, defaultSelectionOn);
        out.write(12, ProtoValue.BOOL, isOOS);
        out.write(13, ProtoValue.STRING, slug);
        out.write(14, ProtoValue.STRING, screenState);
    }
}
