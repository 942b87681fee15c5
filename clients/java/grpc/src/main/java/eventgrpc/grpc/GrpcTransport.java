package eventgrpc.grpc;

import eventgrpc.Answer;
import eventgrpc.Transport;
import eventgrpc.Wire;
import io.grpc.CallOptions;
import io.grpc.ClientInterceptor;
import io.grpc.ClientInterceptors;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.MetadataUtils;
import java.io.IOException;
import java.util.concurrent.TimeUnit;

/**
 * Requests over grpc-java. The bytes are the library's own, so that no runtime of protobuf is needed, and none can collide with another.
 *
 * <pre>{@code
 * EventClient client = EventClient.open(Options.over(GrpcTransport.to("events.example:8017", key)).build());
 * }</pre>
 */
public final class GrpcTransport implements Transport {
    /** Bytes of an answer that are read. */
    private static final int LARGEST = 1 << 20;

    private static final Metadata.Key<String> AUTHORIZATION = Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);
    private static final MethodDescriptor<byte[], byte[]> METHOD = MethodDescriptor.<byte[], byte[]>newBuilder()
            .setType(MethodDescriptor.MethodType.UNARY)
            .setFullMethodName(Wire.METHOD)
            .setRequestMarshaller(new Bytes())
            .setResponseMarshaller(new Bytes())
            .build();

    private final ManagedChannel channel;
    private final Metadata headers = new Metadata();

    private GrpcTransport(ManagedChannel channel, String key) {
        this.channel = channel;
        if (key != null) {
            headers.put(AUTHORIZATION, "Bearer " + key);
        }
    }

    /**
     * Sends over TLS.
     *
     * @param target such as {@code events.example:8017}
     * @param key the write key; none if null
     * @return a transport for one client
     */
    public static GrpcTransport to(String target, String key) {
        return over(ManagedChannelBuilder.forTarget(target).useTransportSecurity().build(), key);
    }

    /**
     * Sends over a channel that was made elsewhere, such as one in the clear to this machine.
     *
     * @param channel closed with the client
     * @param key the write key; none if null
     * @return a transport for one client
     */
    public static GrpcTransport over(ManagedChannel channel, String key) {
        return new GrpcTransport(channel, key);
    }

    @Override
    public Answer send(byte[] request, long timeoutMillis) throws IOException {
        ClientInterceptor withHeaders = MetadataUtils.newAttachHeadersInterceptor(headers);
        CallOptions options = CallOptions.DEFAULT
                .withDeadlineAfter(timeoutMillis, TimeUnit.MILLISECONDS)
                .withMaxInboundMessageSize(LARGEST);
        try {
            byte[] response =
                    ClientCalls.blockingUnaryCall(ClientInterceptors.intercept(channel, withHeaders), METHOD, options, request);
            return Answer.ok(response, 0);
        } catch (StatusRuntimeException error) {
            return Statuses.answer(error);
        }
    }

    @Override
    public void close() {
        channel.shutdownNow();
    }

    /** Never shows the key. */
    @Override
    public String toString() {
        return channel.authority();
    }
}
