package eventgrpc.driver;

import eventgrpc.Consent;
import eventgrpc.Details;
import eventgrpc.Event;
import eventgrpc.EventClient;
import eventgrpc.GivenUp;
import eventgrpc.Refusal;
import eventgrpc.Tracked;
import eventgrpc.Transport;
import eventgrpc.events.Header;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;

/** Does what a scenario says: reads a command a line, and answers each with a line of JSON. */
public final class Driver {
    private final List<Object> gaveUp = Collections.synchronizedList(new ArrayList<>());
    private final Function<Map<String, Object>, Transport> transports;
    private EventClient client;

    /** @param transports makes the transport for a command that opens a client; null for the library's own */
    private Driver(Function<Map<String, Object>, Transport> transports) {
        this.transports = transports;
    }

    public static void main(String[] arguments) throws IOException {
        run(command -> null);
    }

    /** Obeys until the input ends. */
    public static void run(Function<Map<String, Object>, Transport> transports) throws IOException {
        Driver driver = new Driver(transports);
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            out.println(Json.write(driver.answer(line)));
        }
    }

    @SuppressWarnings("unchecked")
    private Object answer(String line) {
        try {
            return obey((Map<String, Object>) Json.read(line));
        } catch (InterruptedException | RuntimeException error) {
            return Map.of("error", String.valueOf(error.getMessage() == null ? error : error.getMessage()));
        }
    }

    private Object obey(Map<String, Object> command) throws InterruptedException {
        switch ((String) command.get("do")) {
            case "open":
                client = EventClient.open(Settings.of(command, transports.apply(command)).onGivenUp(this::note).build());
                return Map.of("ok", true);
            case "track":
                return answer(track(event(command), details(command)));
            case "track_many":
                return trackMany(command);
            case "header":
                client.setHeader(header(command));
                return Map.of("ok", true);
            case "consent":
                client.setConsent(consent(command));
                return Map.of("ok", true);
            case "online":
                client.setOnline((Boolean) command.get("online"));
                return Map.of("ok", true);
            case "flush":
                return Map.of("settled", client.flush(millis(command, "timeout_ms")));
            case "close":
                return Map.of("settled", client.close(millis(command, "timeout_ms")));
            case "counters":
                return CounterView.of(client.counters(), gaveUp);
            case "sleep":
                Thread.sleep(Values.int64(command.get("ms")));
                return Map.of("ok", true);
            default:
                throw new IllegalArgumentException("there is no command " + command.get("do"));
        }
    }

    private Tracked track(Event event, Details details) {
        return client.track(event, details);
    }

    private static Object answer(Tracked tracked) {
        return tracked.isTaken()
                ? Map.of("taken", true, "id", tracked.getId())
                : Map.of("taken", false, "reason", tracked.getRefusal().toString());
    }

    private static Event event(Map<String, Object> command) {
        Function<Fields, Event> maker = EventTable.EVENTS.get(command.get("event"));
        if (maker == null) {
            throw new IllegalArgumentException("there is no event " + command.get("event"));
        }
        return Values.message(maker).apply(command.get("fields"));
    }

    private static Details details(Map<String, Object> command) {
        Details details = new Details().id((String) command.get("id")).currentUrl((String) command.get("currentURL"));
        Object timestamp = command.get("timestamp");
        return timestamp == null ? details : details.timestamp(Values.int64(timestamp));
    }

    private Object trackMany(Map<String, Object> command) throws InterruptedException {
        Map<String, Object> fields = new LinkedHashMap<>(fields(command));
        long count = Values.int64(command.get("count"));
        long pace = command.get("pace") == null ? 0 : Values.int64(command.get("pace"));
        List<String> ids = new ArrayList<>();
        long refused = 0;
        for (long number = 0; number < count; number++) {
            fields.put("productId", Long.toString(number));
            Event event = event(Map.of("event", command.get("event"), "fields", fields));
            Tracked tracked = track(event, new Details());
            while (tracked.getRefusal() == Refusal.QUEUE_FULL) {
                refused++;
                Thread.sleep(5);
                tracked = track(event, new Details());
            }
            if (!tracked.isTaken()) {
                throw new IllegalStateException(tracked.toString());
            }
            ids.add(tracked.getId());
            if (pace > 0) {
                Thread.sleep(pace);
            }
        }
        Map<String, Object> answer = new LinkedHashMap<>();
        answer.put("taken", count);
        answer.put("refused", refused);
        if (Boolean.TRUE.equals(command.get("ids"))) {
            answer.put("ids", ids);
        }
        return answer;
    }

    @SuppressWarnings("unchecked")
    private static Map<String, Object> fields(Map<String, Object> command) {
        Object fields = command.get("fields");
        return fields == null ? Map.of() : (Map<String, Object>) fields;
    }

    static Header header(Map<String, Object> command) {
        return Values.message(EnvelopeJson::header).apply(command.get("header"));
    }

    static Consent consent(Map<String, Object> command) {
        return Consent.valueOf(((String) command.get("consent")).toUpperCase(Locale.ROOT));
    }

    static Duration millis(Map<String, Object> command, String name) {
        return Duration.ofMillis(Values.int64(command.get(name)));
    }

    private void note(GivenUp event) {
        Map<String, Object> noted = new LinkedHashMap<>();
        noted.put("id", event.getId());
        noted.put("type", event.getType());
        noted.put("reason", event.getReason().toString());
        noted.put("code", event.getCode());
        noted.put("message", event.getMessage());
        noted.put("status", event.getStatus());
        gaveUp.add(noted);
    }
}
