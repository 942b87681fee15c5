// Written by `cargo xtask codegen` from the proto files; changes made here are lost.
package eventgrpc.events;

/** Collects what makes up an {@link EnterProductEvent}. */
public final class EnterProductEventBuilder {
    long productId;
    String productType = "";
    String subCategoryId = "";
    String categoryId = "";
    long socialStreamId;
    String productName = "";
    boolean defaultSelectionOn;
    boolean isOOS;
    String slug = "";
    String screenState = "";

    EnterProductEventBuilder() {}

    /** {@code productId}. */
    public EnterProductEventBuilder productId(long productId) {
        this.productId = productId;
        return this;
    }

    /** {@code productType}. */
    public EnterProductEventBuilder productType(String productType) {
        this.productType = productType == null ? "" : productType;
        return this;
    }

    /** {@code subCategoryId}. */
    public EnterProductEventBuilder subCategoryId(String subCategoryId) {
        this.subCategoryId = subCategoryId == null ? "" : subCategoryId;
        return this;
    }

    /** {@code categoryId}. */
    public EnterProductEventBuilder categoryId(String categoryId) {
        this.categoryId = categoryId == null ? "" : categoryId;
        return this;
    }

    /** The social stream that led here. */
    public EnterProductEventBuilder socialStreamId(long socialStreamId) {
        this.socialStreamId = socialStreamId;
        return this;
    }

    /** {@code productName}. */
    public EnterProductEventBuilder productName(String productName) {
        this.productName = productName == null ? "" : productName;
        return this;
    }

    /** Whether a variant was chosen beforehand. */
    public EnterProductEventBuilder defaultSelectionOn(boolean defaultSelectionOn) {
        this.defaultSelectionOn = defaultSelectionOn;
        return this;
    }

    /** Out of stock. */
    public EnterProductEventBuilder isOOS(boolean isOOS) {
        this.isOOS = isOOS;
        return this;
    }

    /** The product's name in its address. */
    public EnterProductEventBuilder slug(String slug) {
        this.slug = slug == null ? "" : slug;
        return this;
    }

    /** What the screen was showing. */
    public EnterProductEventBuilder screenState(String screenState) {
        this.screenState = screenState == null ? "" : screenState;
        return this;
    }

    /** Ends. The builder may go on, and build another. */
    public EnterProductEvent build() {
        return new EnterProductEvent(this);
    }
}
