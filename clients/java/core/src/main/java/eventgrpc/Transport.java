package eventgrpc;

import java.io.IOException;

/** Carries requests to a server. A client uses its transport from one thread, and closes it from any. */
public interface Transport {
    /**
     * Sends a request and waits for the whole answer.
     *
     * @param request an {@code event.Events} as protobuf
     * @param timeoutMillis how long all of it may take
     * @return the answer, whatever its status
     * @throws IOException if no whole answer came in time
     */
    Answer send(byte[] request, long timeoutMillis) throws IOException;

    /** Ends what is under way, and all connections. */
    void close();
}
