// Written by `cargo xtask codegen` from the proto files; changes made here are lost.
package eventgrpc.events;

/** Collects what makes up a {@link PDPActionEvent}. */
public final class PDPActionEventBuilder {
    String slug = "";
    String action = "";
    long productId;
    String productType = "";
    String subCategoryId = "";
    String categoryId = "";
    long socialStreamId;
    String productName = "";
    boolean defaultSelectionOn;
    boolean isOOS;
    String screenState = "";

    PDPActionEventBuilder() {}

    /** The product's name in its address. */
    public PDPActionEventBuilder slug(String slug) {
        this.slug = slug == null ? "" : slug;
        return this;
    }

    /** What the user did. */
    public PDPActionEventBuilder action(String action) {
        this.action = action == null ? "" : action;
        return this;
    }

    /** {@code productId}. */
    public PDPActionEventBuilder productId(long productId) {
        this.productId = productId;
        return this;
    }

    /** {@code productType}. */
    public PDPActionEventBuilder productType(String productType) {
        this.productType = productType == null ? "" : productType;
        return this;
    }

    /** {@code subCategoryId}. */
    public PDPActionEventBuilder subCategoryId(String subCategoryId) {
        this.subCategoryId = subCategoryId == null ? "" : subCategoryId;
        return this;
    }

    /** {@code categoryId}. */
    public PDPActionEventBuilder categoryId(String categoryId) {
        this.categoryId = categoryId == null ? "" : categoryId;
        return this;
    }

    /** The social stream that led here. */
    public PDPActionEventBuilder socialStreamId(long socialStreamId) {
        this.socialStreamId = socialStreamId;
        return this;
    }

    /** {@code productName}. */
    public PDPActionEventBuilder productName(String productName) {
        this.productName = productName == null ? "" : productName;
        return this;
    }

    /** Whether a variant was chosen beforehand. */
    public PDPActionEventBuilder defaultSelectionOn(boolean defaultSelectionOn) {
        this.defaultSelectionOn = defaultSelectionOn;
        return this;
    }

    /** Out of stock. */
    public PDPActionEventBuilder isOOS(boolean isOOS) {
        this.isOOS = isOOS;
        return this;
    }

    /** What the screen was showing. */
    public PDPActionEventBuilder screenState(String screenState) {
        this.screenState = screenState == null ? "" : screenState;
        return this;
    }

    /** Ends. The builder may go on, and build another. */
    public PDPActionEvent build() {
        return new PDPActionEvent(this);
    }
}
