package eventgrpc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.CodedInputStream;
import com.google.protobuf.WireFormat;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import eventgrpc.events.AddToCartEvent;
import eventgrpc.events.Header;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What scenarios can't show: threads, listeners, and what a caller does wrong. */
class EventClientTest {
    private static final Event CART = AddToCartEvent.builder().productId(1).build();
    private static final Duration LONG = Duration.ofSeconds(20);

    private final AtomicInteger events = new AtomicInteger();
    private final ConcurrentLinkedQueue<Integer> statuses = new ConcurrentLinkedQueue<>();
    private HttpServer server;

    @TempDir
    File folder;

    @BeforeEach
    void start() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/event/dispatch", this::answer);
        server.start();
    }

    @AfterEach
    void stop() {
        server.stop(0);
    }

    /** The scripted status, or the success of a server that counts. */
    private void answer(HttpExchange exchange) throws IOException {
        byte[] request = exchange.getRequestBody().readAllBytes();
        Integer status = statuses.poll();
        byte[] body = "\n\u0007SUCCESS".getBytes(StandardCharsets.UTF_8);
        if (status == null) {
            events.addAndGet(count(request));
        }
        exchange.getResponseHeaders().set("content-type", status == null ? "application/x-protobuf" : "text/plain");
        exchange.sendResponseHeaders(status == null ? 200 : status, body.length);
        exchange.getResponseBody().write(body);
        exchange.close();
    }

    private static int count(byte[] request) throws IOException {
        CodedInputStream in = CodedInputStream.newInstance(request);
        int count = 0;
        for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
            count += WireFormat.getTagFieldNumber(tag) == Wire.EVENTS ? 1 : 0;
            in.skipField(tag);
        }
        return count;
    }

    private Options.Builder options() {
        return Options.to("http://127.0.0.1:" + server.getAddress().getPort())
                .batchWait(Duration.ofMillis(5))
                .backoff(Duration.ofMillis(1), Duration.ofMillis(5));
    }

    private static void consistent(Counters counters) {
        long givenUp = counters.getGivenUp().values().stream().mapToLong(Long::longValue).sum();
        assertEquals(counters.getTaken(), counters.getAccepted() + givenUp + counters.getQueued(), counters.toString());
    }

    @Test
    void whatManyThreadsTakeArrivesOnceWhateverIsCalledMeanwhile() throws Exception {
        for (int i = 0; i < 20; i++) {
            statuses.add(i % 2 == 0 ? 503 : 500);
        }
        AtomicInteger taken = new AtomicInteger();
        try (EventClient client = EventClient.open(options().storage(new FileStorage(folder)).build())) {
            List<Thread> threads = new ArrayList<>();
            for (int thread = 0; thread < 8; thread++) {
                threads.add(new Thread(() -> {
                    for (int i = 0; i < 1_000; i++) {
                        taken.addAndGet(client.track(CART).isTaken() ? 1 : 0);
                    }
                }));
            }
            threads.forEach(Thread::start);
            for (int i = 0; i < 50; i++) {
                client.setOnline(i % 2 == 1);
                client.setHeader(Header.builder().userId(i).build());
                consistent(client.counters());
                Thread.sleep(2);
            }
            for (Thread thread : threads) {
                thread.join();
            }
            assertTrue(client.close(LONG));
            consistent(client.counters());
            assertEquals(taken.get(), client.counters().getAccepted());
        }
        assertEquals(taken.get(), events.get());
    }

    @Test
    void aListenerThatThrowsOrTracksOrFlushesHarmsNothing() {
        statuses.add(400);
        EventClient[] client = new EventClient[1];
        AtomicInteger told = new AtomicInteger();
        client[0] = EventClient.open(options()
                .onGivenUp(event -> {
                    told.incrementAndGet();
                    client[0].track(CART);
                    assertFalse(client[0].flush(LONG));
                    throw new IllegalStateException("of the listener");
                })
                .build());
        client[0].track(CART);
        assertTrue(client[0].flush(LONG));
        assertEquals(1, told.get());
        assertEquals(1, client[0].counters().getAccepted());
        client[0].close();
    }

    @Test
    void theMessageOfARefusalIsTold() {
        statuses.add(400);
        List<GivenUp> given = new ArrayList<>();
        try (EventClient client = EventClient.open(options().onGivenUp(given::add).build())) {
            client.track(CART, new Details().id("mine"));
            assertTrue(client.flush(LONG));
        }
        assertEquals("addToCartEvent mine: refused: \n\u0007SUCCESS", given.get(0).toString());
    }

    @Test
    void whatIsWrongIsRefusedAndThrowsNothing() {
        try (EventClient client = EventClient.open(options().maxEventBytes(100).build())) {
            assertEquals(Refusal.INVALID, client.track(null).getRefusal());
            assertEquals(Refusal.INVALID, client.track(AddToCartEvent.builder().cartId("x".repeat(100)).build()).getRefusal());
            assertTrue(client.track(AddToCartEvent.builder().cartId(null).build(), null).isTaken());
            assertEquals(2L, client.counters().getRefused().get(Refusal.INVALID));
        }
    }

    @Test
    void aStorageThatFailsRefusesTheEventAndKeepsTheOthers() {
        Storage storage = new FailingStorage();
        EventClient client = EventClient.open(options().storage(storage).batchWait(Duration.ofHours(1)).build());
        assertTrue(client.track(CART).isTaken());
        assertEquals(Refusal.STORAGE, client.track(CART).getRefusal());
        assertTrue(client.flush(LONG));
        assertEquals(1, client.counters().getAccepted());
        client.close();
    }

    @Test
    void aFolderInUseIsAnErrorThatSaysSo() {
        try (EventClient first = EventClient.open(options().storage(new FileStorage(folder)).build())) {
            Options second = options().storage(new FileStorage(folder)).build();
            UncheckedIOException error = assertThrows(UncheckedIOException.class, () -> EventClient.open(second));
            assertTrue(error.getMessage().contains("in use"), error.getMessage());
            assertTrue(first.track(CART).isTaken());
        }
    }

    @Test
    void anInterruptEndsAFlushAndIsKept() {
        statuses.add(503);
        EventClient client = EventClient.open(options().backoff(Duration.ofHours(1), Duration.ofHours(1)).build());
        client.track(CART);
        Thread.currentThread().interrupt();
        assertFalse(client.flush(LONG));
        assertTrue(Thread.interrupted());
        client.close(Duration.ZERO);
        consistent(client.counters());
    }

    /** Takes one event. */
    private static final class FailingStorage implements Storage {
        private int appended;

        @Override
        public Left open() {
            return new Left(List.of(), 0);
        }

        @Override
        public void append(StoredEvent event) throws IOException {
            if (appended++ > 0) {
                throw new IOException("no space left");
            }
        }

        @Override
        public void remove(Collection<StoredEvent> events) throws IOException {
            throw new IOException("no space left");
        }

        @Override
        public void close() {}
    }
}
