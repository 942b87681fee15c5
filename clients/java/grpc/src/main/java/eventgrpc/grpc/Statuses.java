package eventgrpc.grpc;

import eventgrpc.Answer;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;

/** What gRPC's status codes mean in the terms of HTTP, as the server has them. */
final class Statuses {
    private static final Metadata.Key<String> RETRY_AFTER = Metadata.Key.of("retry-after", Metadata.ASCII_STRING_MARSHALLER);

    private Statuses() {}

    static Answer answer(StatusRuntimeException error) {
        String message = error.getStatus().getDescription();
        return Answer.other(status(error.getStatus().getCode()), message == null ? "" : message, retryAfterMillis(error));
    }

    private static int status(Status.Code code) {
        switch (code) {
            case UNAVAILABLE:
            case ABORTED:
            case INTERNAL:
            case UNKNOWN:
            case CANCELLED:
                return 503;
            case DEADLINE_EXCEEDED:
                return 504;
            case RESOURCE_EXHAUSTED:
                return 429;
            case OUT_OF_RANGE:
                return 413;
            case UNAUTHENTICATED:
                return 401;
            case PERMISSION_DENIED:
                return 403;
            case NOT_FOUND:
            case UNIMPLEMENTED:
                return 404;
            default:
                return 400;
        }
    }

    /** The server sends whole seconds. */
    private static long retryAfterMillis(StatusRuntimeException error) {
        Metadata trailers = error.getTrailers();
        String seconds = trailers == null ? null : trailers.get(RETRY_AFTER);
        return seconds != null && seconds.matches("[0-9]{1,6}") ? Long.parseLong(seconds) * 1000 : 0;
    }
}
