package eventgrpc.grpc;

import eventgrpc.driver.Driver;
import io.grpc.ManagedChannelBuilder;
import java.io.IOException;
import java.net.URI;

/** The library's driver over gRPC, to an endpoint in the clear. */
public final class GrpcDriver {
    private GrpcDriver() {}

    public static void main(String[] arguments) throws IOException {
        Driver.run(command -> {
            URI endpoint = URI.create((String) command.get("endpoint"));
            String target = endpoint.getHost() + ":" + endpoint.getPort();
            return GrpcTransport.over(
                    ManagedChannelBuilder.forTarget(target).usePlaintext().build(), (String) command.get("key"));
        });
    }
}
