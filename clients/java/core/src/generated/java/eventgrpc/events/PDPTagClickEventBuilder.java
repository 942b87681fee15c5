// Written by `cargo xtask codegen` from the proto files; changes made here are lost.
package eventgrpc.events;

/** Collects what makes up a {@link PDPTagClickEvent}. */
public final class PDPTagClickEventBuilder {
    String slug = "";
    String tagText = "";
    String tagId = "";
    long productId;
    String productType = "";
    String subCategoryId = "";
    String categoryId = "";
    long socialStreamId;
    String productName = "";
    boolean defaultSelectionOn;
    boolean isOOS;
    String screenState = "";

    PDPTagClickEventBuilder() {}

    /** The product's name in its address. */
    public PDPTagClickEventBuilder slug(String slug) {
        this.slug = slug == null ? "" : slug;
        return this;
    }

    /** {@code tagText}. */
    public PDPTagClickEventBuilder tagText(String tagText) {
        this.tagText = tagText == null ? "" : tagText;
        return this;
    }

    /** {@code tagId}. */
    public PDPTagClickEventBuilder tagId(String tagId) {
        this.tagId = tagId == null ? "" : tagId;
        return this;
    }

    /** {@code productId}. */
    public PDPTagClickEventBuilder productId(long productId) {
        this.productId = productId;
        return this;
    }

    /** {@code productType}. */
    public PDPTagClickEventBuilder productType(String productType) {
        this.productType = productType == null ? "" : productType;
        return this;
    }

    /** {@code subCategoryId}. */
    public PDPTagClickEventBuilder subCategoryId(String subCategoryId) {
        this.subCategoryId = subCategoryId == null ? "" : subCategoryId;
        return this;
    }

    /** {@code categoryId}. */
    public PDPTagClickEventBuilder categoryId(String categoryId) {
        this.categoryId = categoryId == null ? "" : categoryId;
        return this;
    }

    /** The social stream that led here. */
    public PDPTagClickEventBuilder socialStreamId(long socialStreamId) {
        this.socialStreamId = socialStreamId;
        return this;
    }

    /** {@code productName}. */
    public PDPTagClickEventBuilder productName(String productName) {
        this.productName = productName == null ? "" : productName;
        return this;
    }

    /** Whether a variant was chosen beforehand. */
    public PDPTagClickEventBuilder defaultSelectionOn(boolean defaultSelectionOn) {
        this.defaultSelectionOn = defaultSelectionOn;
        return this;
    }

    /** Out of stock. */
    public PDPTagClickEventBuilder isOOS(boolean isOOS) {
        this.isOOS = isOOS;
        return this;
    }

    /** What the screen was showing. */
    public PDPTagClickEventBuilder screenState(String screenState) {
        this.screenState = screenState == null ? "" : screenState;
        return this;
    }

    /** Ends. The builder may go on, and build another. */
    public PDPTagClickEvent build() {
        return new PDPTagClickEvent(this);
    }
}
