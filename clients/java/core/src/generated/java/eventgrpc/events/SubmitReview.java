// Written by `cargo xtask codegen` from the proto files; changes made here are lost.
package eventgrpc.events;

import eventgrpc.Event;
import eventgrpc.ProtoValue;
import eventgrpc.ProtoWriter;

/** The client submitted a review. */
public final class SubmitReview extends Event {
    private final String rating;
    private final String reviewText0;
    private final String reviewText1;
    private final boolean mediaCountUploaded;

    SubmitReview(SubmitReviewBuilder builder) {
        rating = builder.rating;
        reviewText0 = builder.reviewText0;
        reviewText1 = builder.reviewText1;
        mediaCountUploaded = builder.mediaCountUploaded;
    }

    /** Begins one of which nothing is set. */
    public static SubmitReviewBuilder builder() {
        return new SubmitReviewBuilder();
    }

    /** The rating as the client writes it, as text. */
    public String getRating() {
        return rating;
    }

    /** The texts of the review, one for each input on the screen. */
    public String getReviewText0() {
        return reviewText0;
    }

    /** {@code reviewText1}. */
    public String getReviewText1() {
        return reviewText1;
    }

    /** A yes or no in spite of its name: whether media were uploaded. */
    public boolean getMediaCountUploaded() {
        return mediaCountUploaded;
    }

    @Override
    public String eventType() {
        return "submitReview";
    }

    @Override
    public int eventNumber() {
        return 42;
    }

    @Override
    public void writeTo(ProtoWriter out) {
        out.write(4, ProtoValue.STRING, rating);
        out.write(5, ProtoValue.STRING, reviewText0);
        out.write(6, ProtoValue.STRING, reviewText1);
        out.write(7, ProtoValue.BOOL, mediaCountUploaded);
    }
}
