package eventgrpc.driver;

import eventgrpc.FileStorage;
import eventgrpc.Options;
import eventgrpc.Transport;
import java.io.File;
import java.time.Duration;
import java.util.Map;

/** The options that a command names. */
final class Settings {
    private Settings() {}

    static Options.Builder of(Map<String, Object> command, Transport transport) {
        Options.Builder options = transport == null ? Options.to((String) command.get("endpoint")) : Options.over(transport);
        options.key((String) command.get("key"));
        if (command.get("header") != null) {
            options.header(Driver.header(command));
        }
        if (command.get("storage") != null) {
            options.storage(new FileStorage(new File((String) command.get("storage"))));
        }
        if (command.get("consent") != null) {
            options.consent(Driver.consent(command));
        }
        limits(new Config(command.get("config")), options);
        return options;
    }

    private static void limits(Config config, Options.Builder options) {
        options.maxQueue((int) config.number("max_events", 1_000), config.number("max_bytes", 5_000_000));
        options.maxEventBytes((int) config.number("max_event_bytes", 256 << 10));
        options.maxAge(config.time("max_age_ms", Duration.ofDays(7)));
        options.batch((int) config.number("batch_events", 50), (int) config.number("batch_bytes", 500_000));
        options.batchWait(config.time("batch_wait_ms", Duration.ofSeconds(3)));
        options.backoff(
                config.time("backoff_base_ms", Duration.ofSeconds(1)), config.time("backoff_max_ms", Duration.ofMinutes(10)));
        options.requestTimeout(config.time("request_timeout_ms", Duration.ofSeconds(30)));
    }

    /** The member {@code config} of the command. */
    private static final class Config {
        private final Map<?, ?> members;

        Config(Object members) {
            this.members = members == null ? Map.of() : (Map<?, ?>) members;
        }

        long number(String name, long otherwise) {
            return members.get(name) == null ? otherwise : Values.int64(members.get(name));
        }

        Duration time(String name, Duration otherwise) {
            return Duration.ofMillis(number(name, otherwise.toMillis()));
        }
    }
}
