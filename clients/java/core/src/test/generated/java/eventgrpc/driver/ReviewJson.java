// Written by `cargo xtask codegen` from the proto files; changes made here are lost.
package eventgrpc.driver;

import eventgrpc.events.EditReview;
import eventgrpc.events.EditReviewBuilder;
import eventgrpc.events.EnterReviewScreen;
import eventgrpc.events.EnterReviewScreenBuilder;
import eventgrpc.events.ExpandReviewImage;
import eventgrpc.events.ExpandReviewImageBuilder;
import eventgrpc.events.InitiateReview;
import eventgrpc.events.InitiateReviewBuilder;
import eventgrpc.events.InitiateReviewMediaUpload;
import eventgrpc.events.InitiateReviewMediaUploadBuilder;
import eventgrpc.events.NudgeForReview;
import eventgrpc.events.NudgeForReviewBuilder;
import eventgrpc.events.SubmitReview;
import eventgrpc.events.SubmitReviewBuilder;
import eventgrpc.events.ViewAllReviews;
import eventgrpc.events.ViewAllReviewsBuilder;

/** Makes messages of JSON, for tests. */
final class ReviewJson {
    private ReviewJson() {}

    static NudgeForReview nudgeForReview(Fields fields) {
        NudgeForReviewBuilder builder = NudgeForReview.builder();
        fields.with("productId", value -> builder.productId(Values.string(value)));
        fields.with("orderId", value -> builder.orderId(Values.string(value)));
        return builder.build();
    }

    static InitiateReview initiateReview(Fields fields) {
        InitiateReviewBuilder builder = InitiateReview.builder();
        fields.with("productId", value -> builder.productId(Values.string(value)));
        fields.with("orderId", value -> builder.orderId(Values.string(value)));
        return builder.build();
    }

    static EnterReviewScreen enterReviewScreen(Fields fields) {
        EnterReviewScreenBuilder builder = EnterReviewScreen.builder();
        fields.with("productId", value -> builder.productId(Values.string(value)));
        fields.with("orderId", value -> builder.orderId(Values.string(value)));
        return builder.build();
    }

    static InitiateReviewMediaUpload initiateReviewMediaUpload(Fields fields) {
        InitiateReviewMediaUploadBuilder builder = InitiateReviewMediaUpload.builder();
        fields.with("productId", value -> builder.productId(Values.string(value)));
        fields.with("orderId", value -> builder.orderId(Values.string(value)));
        return builder.build();
    }

    static SubmitReview submitReview(Fields fields) {
        SubmitReviewBuilder builder = SubmitReview.builder();
        fields.with("rating", value -> builder.rating(Values.string(value)));
        fields.with("reviewText0", value -> builder.reviewText0(Values.string(value)));
        fields.with("reviewText1", value -> builder.reviewText1(Values.string(value)));
        fields.with("mediaCountUploaded", value -> builder.mediaCountUploaded(Values.bool(value)));
        return builder.build();
    }

    static EditReview editReview(Fields fields) {
        EditReviewBuilder builder = EditReview.builder();
        fields.with("productId", value -> builder.productId(Values.string(value)));
        fields.with("orderId", value -> builder.orderId(Values.string(value)));
        fields.with("reviewId", value -> builder.reviewId(Values.string(value)));
        return builder.build();
    }

    static ViewAllReviews viewAllReviews(Fields fields) {
        ViewAllReviewsBuilder builder = ViewAllReviews.builder();
        fields.with("productId", value -> builder.productId(Values.string(value)));
        return builder.build();
    }

    static ExpandReviewImage expandReviewImage(Fields fields) {
        ExpandReviewImageBuilder builder = ExpandReviewImage.builder();
        fields.with("componentName", value -> builder.componentName(Values.string(value)));
        return builder.build();
    }
}
