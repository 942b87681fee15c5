// Written by `cargo xtask codegen` from the proto files; changes made here are lost.
package eventgrpc.events;

/** Collects what makes up a {@link SubmitReview}. */
public final class SubmitReviewBuilder {
    String rating = "";
    String reviewText0 = "";
    String reviewText1 = "";
    boolean mediaCountUploaded;

    SubmitReviewBuilder() {}

    /** The rating as the client writes it, as text. */
    public SubmitReviewBuilder rating(String rating) {
        this.rating = rating == null ? "" : rating;
        return this;
    }

    /** The texts of the review, one for each input on the screen. */
    public SubmitReviewBuilder reviewText0(String reviewText0) {
        this.reviewText0 = reviewText0 == null ? "" : reviewText0;
        return this;
    }

    /** {@code reviewText1}. */
    public SubmitReviewBuilder reviewText1(String reviewText1) {
        this.reviewText1 = reviewText1 == null ? "" : reviewText1;
        return this;
    }

    /** A yes or no in spite of its name: whether media were uploaded. */
    public SubmitReviewBuilder mediaCountUploaded(boolean mediaCountUploaded) {
        this.mediaCountUploaded = mediaCountUploaded;
        return this;
    }

    /** Ends. The builder may go on, and build another. */
    public SubmitReview build() {
        return new SubmitReview(this);
    }
}
