import com.google.protobuf.Struct;
import com.google.protobuf.Value;
import com.google.protobuf.util.JsonFormat;
import eventgrpc.proto.event.AddToCartEvent;
import eventgrpc.proto.event.Event;
import eventgrpc.proto.event.Events;
import eventgrpc.proto.event.Header;
import eventgrpc.proto.event.Response;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.MethodDescriptor;
import io.grpc.protobuf.ProtoUtils;
import io.grpc.stub.ClientCalls;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.UUID;
import java.util.concurrent.TimeUnit;

/** grpc-java with the messages that protoc makes of proto/: requests of 50 events, one after the other. */
public final class GrpcJava {
    private static final int BATCH = 50;

    /** What a generated stub has for the method. */
    private static final MethodDescriptor<Events, Response> DISPATCH =
            MethodDescriptor.<Events, Response>newBuilder()
                    .setType(MethodDescriptor.MethodType.UNARY)
                    .setFullMethodName("event.EventService/dispatch")
                    .setSampledToLocalTracing(true)
                    .setRequestMarshaller(ProtoUtils.marshaller(Events.getDefaultInstance()))
                    .setResponseMarshaller(ProtoUtils.marshaller(Response.getDefaultInstance()))
                    .build();

    private final Channel channel;
    private final Header header;
    private Events.Builder batch;
    private long accepted;

    private GrpcJava(Struct told) {
        String address = System.getenv("EVENT_GRPC_PEER_GRPC");
        channel = ManagedChannelBuilder.forTarget(address).usePlaintext().build();
        Struct of = told.getFieldsOrThrow("header").getStructValue();
        header = Header.newBuilder().setSessionId(of.getFieldsOrThrow("sessionId").getStringValue()).build();
        batch = Events.newBuilder().setHeader(header);
    }

    /** Reads commands and answers them (clients/scenarios/README.md). */
    public static void main(String[] args) throws IOException {
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        GrpcJava peer = null;
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            Struct.Builder read = Struct.newBuilder();
            JsonFormat.parser().merge(line, read);
            Struct told = read.build();
            String does = told.getFieldsOrThrow("do").getStringValue();
            if (does.equals("open")) {
                peer = new GrpcJava(told);
                System.out.println("{\"ok\":true}");
            } else {
                System.out.println(peer.answer(does, told));
            }
        }
        System.exit(0);
    }

    private String answer(String does, Struct told) {
        switch (does) {
            case "track_many":
                int count = (int) told.getFieldsOrThrow("count").getNumberValue();
                Struct fields = told.getFieldsOrThrow("fields").getStructValue();
                for (int number = 0; number < count; number++) {
                    track(number, fields);
                }
                return "{\"taken\":" + count + ",\"refused\":0}";
            case "flush":
                send();
                return "{\"settled\":true}";
            case "counters":
                return "{\"accepted\":" + accepted + "}";
            default:
                return "{\"error\":\"unknown\"}";
        }
    }

    private void track(int number, Struct fields) {
        AddToCartEvent event =
                AddToCartEvent.newBuilder()
                        .setProductId(number)
                        .setProductType(field(fields, "productType").getStringValue())
                        .setQuantity((int) field(fields, "quantity").getNumberValue())
                        .setIsLive(field(fields, "isLive").getBoolValue())
                        .setCartId(field(fields, "cartId").getStringValue())
                        .build();
        batch.addEvents(
                Event.newBuilder()
                        .setId(UUID.randomUUID().toString())
                        .setTimestamp(Long.toString(System.currentTimeMillis()))
                        .setAddToCartEvent(event));
        if (batch.getEventsCount() == BATCH) {
            send();
        }
    }

    private static Value field(Struct fields, String name) {
        return fields.getFieldsOrThrow(name);
    }

    private void send() {
        if (batch.getEventsCount() > 0) {
            CallOptions options = CallOptions.DEFAULT.withDeadlineAfter(30, TimeUnit.SECONDS);
            accepted += ClientCalls.blockingUnaryCall(channel, DISPATCH, options, batch.build()).getAccepted();
            batch = Events.newBuilder().setHeader(header);
        }
    }
}
