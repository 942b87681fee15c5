package eventgrpc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A server that answers byte by byte: each byte comes in time for one read, and the whole never. */
@Timeout(60)
class HttpTransportTest {
    private static final String HEAD = "HTTP/1.1 200 OK\r\ncontent-type: application/x-protobuf\r\n";
    private static final String BODY = HEAD + "content-length: 1000000\r\n\r\n";

    private final CountDownLatch dripping = new CountDownLatch(1);
    private final ExecutorService sender = Executors.newSingleThreadExecutor();
    private ServerSocket server;

    @BeforeEach
    void listen() throws IOException {
        server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    }

    @AfterEach
    void stop() throws IOException {
        server.close();
        sender.shutdownNow();
    }

    /** Answers each connection with a beginning, and then a byte at a time until the other side has gone. */
    private void drip(String beginning) {
        Thread thread = new Thread(() -> {
            while (true) {
                try (Socket peer = server.accept()) {
                    OutputStream out = peer.getOutputStream();
                    out.write(beginning.getBytes(StandardCharsets.US_ASCII));
                    while (true) {
                        out.write('x');
                        dripping.countDown();
                        Thread.sleep(5);
                    }
                } catch (IOException gone) {
                    if (server.isClosed()) {
                        return;
                    }
                } catch (InterruptedException never) {
                    return;
                }
            }
        });
        thread.setDaemon(true);
        thread.start();
    }

    private Options.Builder options() {
        return Options.to("http://127.0.0.1:" + server.getLocalPort());
    }

    @Test
    void aBodyThatDripsIsNoAnswerWhenItsTimeIsOver() {
        drip(BODY);
        HttpTransport transport = new HttpTransport(options());
        assertThrows(SocketTimeoutException.class, () -> transport.send(new byte[1], 300));
        transport.close();
    }

    @Test
    void aHeadThatDripsIsNoAnswerWhenItsTimeIsOver() {
        drip(HEAD + "x: ");
        HttpTransport transport = new HttpTransport(options());
        assertThrows(SocketTimeoutException.class, () -> transport.send(new byte[1], 300));
        transport.close();
    }

    @Test
    void closeCutsAnAnswerThatDrips() throws Exception {
        drip(BODY);
        HttpTransport transport = new HttpTransport(options());
        Future<Answer> answer = sender.submit(() -> transport.send(new byte[1], 3_600_000));
        assertTrue(dripping.await(30, TimeUnit.SECONDS));
        transport.close();
        ExecutionException cut = assertThrows(ExecutionException.class, () -> answer.get(30, TimeUnit.SECONDS));
        assertTrue(cut.getCause() instanceof IOException, cut.toString());
    }

    @Test
    void anEventSurvivesAnswersThatDripAndTheClientSaysWhy() throws Exception {
        drip(BODY);
        Event event = eventgrpc.events.AddToCartEvent.builder().productId(1).build();
        Options.Builder options = options()
                .batchWait(Duration.ZERO)
                .requestTimeout(Duration.ofMillis(200))
                .backoff(Duration.ofMillis(1), Duration.ofMillis(2));
        EventClient client = EventClient.open(options.build());
        client.track(event);
        while (client.counters().getRetries() < 2) {
            Thread.sleep(10);
        }
        assertEquals(1, client.counters().getQueued());
        assertEquals("no answer: no whole answer within 200 ms", client.counters().getLastFailure());
        assertFalse(client.close(Duration.ZERO));
    }
}
