package eventgrpc.grpc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import eventgrpc.Counters;
import eventgrpc.EventClient;
import eventgrpc.GivenUp;
import eventgrpc.Options;
import eventgrpc.Wire;
import eventgrpc.events.AddToCartEvent;
import io.grpc.Grpc;
import io.grpc.InsecureServerCredentials;
import io.grpc.ManagedChannelBuilder;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ServerCalls;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The transport against a server of grpc-java. */
class GrpcTransportTest {
    private static final Metadata.Key<String> AUTHORIZATION = Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);
    private static final Metadata.Key<String> RETRY_AFTER = Metadata.Key.of("retry-after", Metadata.ASCII_STRING_MARSHALLER);
    private static final byte[] SUCCESS = {10, 7, 'S', 'U', 'C', 'C', 'E', 'S', 'S'};

    private final ConcurrentLinkedQueue<Status> statuses = new ConcurrentLinkedQueue<>();
    private final List<String> keys = new ArrayList<>();
    private final List<Long> times = new ArrayList<>();
    private Server server;

    @BeforeEach
    void start() throws IOException {
        MethodDescriptor<byte[], byte[]> method = MethodDescriptor.<byte[], byte[]>newBuilder()
                .setType(MethodDescriptor.MethodType.UNARY)
                .setFullMethodName(Wire.METHOD)
                .setRequestMarshaller(new Bytes())
                .setResponseMarshaller(new Bytes())
                .build();
        String service = MethodDescriptor.extractFullServiceName(Wire.METHOD);
        ServerServiceDefinition definition = ServerServiceDefinition.builder(service)
                .addMethod(method, ServerCalls.asyncUnaryCall(this::answer))
                .build();
        server = Grpc.newServerBuilderForPort(0, InsecureServerCredentials.create())
                .addService(definition)
                .intercept(new Keys())
                .build()
                .start();
    }

    @AfterEach
    void stop() throws InterruptedException {
        server.shutdownNow().awaitTermination();
    }

    private void answer(byte[] request, StreamObserver<byte[]> out) {
        times.add(System.nanoTime());
        Status status = statuses.poll();
        if (status == null) {
            out.onNext(SUCCESS);
            out.onCompleted();
            return;
        }
        Metadata trailers = new Metadata();
        if (status.getCode() == Status.Code.RESOURCE_EXHAUSTED) {
            trailers.put(RETRY_AFTER, "1");
        }
        out.onError(new StatusRuntimeException(status, trailers));
    }

    private EventClient client(List<GivenUp> given) {
        String target = "127.0.0.1:" + server.getPort();
        GrpcTransport transport = GrpcTransport.over(ManagedChannelBuilder.forTarget(target).usePlaintext().build(), "secret");
        assertFalse(transport.toString().contains("secret"));
        return EventClient.open(Options.over(transport)
                .batchWait(Duration.ofMillis(200))
                .backoff(Duration.ofMillis(1), Duration.ofMillis(2))
                .onGivenUp(given::add)
                .build());
    }

    private Counters send(int events, List<GivenUp> given) {
        try (EventClient client = client(given)) {
            for (int i = 0; i < events; i++) {
                client.track(AddToCartEvent.builder().productId(i).build());
            }
            assertTrue(client.flush(Duration.ofSeconds(20)));
            return client.counters();
        }
    }

    @Test
    void eventsArriveWithTheKey() {
        assertEquals(3, send(3, new ArrayList<>()).getAccepted());
        assertEquals(List.of("Bearer secret"), keys);
    }

    @Test
    void whatMayPassIsRepeated() {
        Status[] passing = {
            Status.UNAVAILABLE, Status.DEADLINE_EXCEEDED, Status.ABORTED, Status.INTERNAL, Status.UNKNOWN, Status.CANCELLED
        };
        statuses.addAll(List.of(passing));
        Counters counters = send(1, new ArrayList<>());
        assertEquals(1, counters.getAccepted());
        assertEquals(passing.length, counters.getRetries());
    }

    @Test
    void retryAfterIsAFloor() {
        statuses.add(Status.RESOURCE_EXHAUSTED);
        assertEquals(1, send(1, new ArrayList<>()).getAccepted());
        assertTrue(times.get(1) - times.get(0) >= 990_000_000L, times.toString());
    }

    @Test
    void aBatchThatIsTooLargeIsDivided() {
        statuses.addAll(List.of(Status.OUT_OF_RANGE, Status.OUT_OF_RANGE, Status.OUT_OF_RANGE));
        List<GivenUp> given = new ArrayList<>();
        assertEquals(3, send(4, given).getAccepted());
        assertEquals(GivenUp.Reason.TOO_LARGE, given.get(0).getReason());
    }

    @Test
    void anythingElseIsGivenUpWithWhatTheServerSays() {
        statuses.add(Status.UNAUTHENTICATED.withDescription("the key is unknown"));
        List<GivenUp> given = new ArrayList<>();
        assertEquals(0, send(1, given).getAccepted());
        assertEquals(401, given.get(0).getStatus());
        assertEquals("the key is unknown", given.get(0).getMessage());
    }

    /** Notes the key of each call. */
    private final class Keys implements ServerInterceptor {
        @Override
        public <Q, A> ServerCall.Listener<Q> interceptCall(ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
            keys.add(headers.get(AUTHORIZATION));
            return next.startCall(call, headers);
        }
    }
}
