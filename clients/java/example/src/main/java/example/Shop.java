package example;

import eventgrpc.EventClient;
import eventgrpc.FileStorage;
import eventgrpc.Options;
import eventgrpc.events.AddToCartEvent;
import eventgrpc.events.AppStartEvent;
import eventgrpc.events.EnterProductEvent;
import eventgrpc.events.Header;
import eventgrpc.events.PageOpenedEvent;
import java.io.File;
import java.time.Duration;

/** A shop's app: it starts, shows a few screens, loses its network for a while, and ends. */
public final class Shop {
    private Shop() {}

    /**
     * Runs it.
     *
     * @param arguments the server; by default {@code http://127.0.0.1:8019}, where {@code event-grpc demo} listens
     */
    public static void main(String[] arguments) {
        String endpoint = arguments.length > 0 ? arguments[0] : "http://127.0.0.1:8019";
        Header header = Header.builder()
                .os("android")
                .appVersion("7.2.0")
                .sessionId("session-1")
                .userId(7)
                .build();
        EventClient client = EventClient.open(Options.to(endpoint)
                .header(header)
                .storage(new FileStorage(new File(System.getProperty("java.io.tmpdir"), "event-grpc-shop")))
                .onGivenUp(event -> System.err.println("given up: " + event))
                .build());

        client.track(AppStartEvent.builder().action("started").build());
        client.track(PageOpenedEvent.builder().pageQueryId("home-1").build());

        System.out.println("The network is gone.");
        client.setOnline(false);
        client.track(EnterProductEvent.builder().productId(42).productName("Scarf").build());
        client.track(AddToCartEvent.builder().productId(42).quantity(2).isLive(true).build());
        System.out.println("Waiting for it: " + client.counters().getQueued() + " events");

        client.setOnline(true);
        System.out.println("It is back.");
        boolean settled = client.close(Duration.ofSeconds(10));
        System.out.println(settled ? "All is sent: " + client.counters() : "The rest is sent at the next start: " + client.counters());
    }
}
