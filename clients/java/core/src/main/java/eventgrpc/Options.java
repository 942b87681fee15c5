package eventgrpc;

import java.time.Duration;
import javax.net.ssl.SSLSocketFactory;

/** How a client is opened. What isn't set has the default of the contract. */
public final class Options {
    final Builder set;

    private Options(Builder set) {
        this.set = set;
    }

    /**
     * Begins with the server that requests go to.
     *
     * @param endpoint such as {@code https://events.example}; {@code http:} is for this machine only, unless {@link Builder#insecure}
     * @return a builder with the defaults
     */
    public static Builder to(String endpoint) {
        Builder builder = new Builder();
        builder.endpoint = endpoint;
        return builder;
    }

    /**
     * Begins with a transport of its own, such as the one of {@code event-grpc-client-grpc}. The client closes it.
     *
     * @param transport has the endpoint and the key
     * @return a builder with the defaults
     */
    public static Builder over(Transport transport) {
        Builder builder = new Builder();
        builder.transport = transport;
        return builder;
    }

    /** Never shows the key. */
    @Override
    public String toString() {
        return "Options(" + (set.endpoint == null ? set.transport : set.endpoint) + ")";
    }

    /** What is told of each event that is given up. */
    public interface GivenUpListener {
        /**
         * Called in the client's own thread, or in that of the call that gave the event up. What it throws is ignored. It may call
         * {@code track}, and must not wait for {@code flush} or {@code close}.
         *
         * @param event what is known of it
         */
        void onGivenUp(GivenUp event);
    }

    /** Collects options; used once. */
    public static final class Builder {
        String endpoint;
        String key;
        boolean insecure;
        SSLSocketFactory tls;
        Transport transport;
        RequestHeader header;
        Storage storage;
        Consent consent = Consent.GRANTED;
        GivenUpListener onGivenUp = event -> {};
        int maxEvents = 1_000;
        long maxBytes = 5_000_000;
        int maxEventBytes = 256 << 10;
        long maxAgeMillis = Duration.ofDays(7).toMillis();
        int batchEvents = 50;
        int batchBytes = 500_000;
        long batchWaitMillis = 3_000;
        long backoffBaseMillis = 1_000;
        long backoffMaxMillis = 600_000;
        long requestTimeoutMillis = 30_000;

        private Builder() {}

        /**
         * Sets the write key. It is shown nowhere.
         *
         * @param key none if null
         * @return this
         */
        public Builder key(String key) {
            this.key = key;
            return this;
        }

        /**
         * Allows {@code http:} to other machines, which sends the key in the clear: for a test network or an emulator.
         *
         * @param insecure false by default
         * @return this
         */
        public Builder insecure(boolean insecure) {
            this.insecure = insecure;
            return this;
        }

        /**
         * Sets whom to trust, and with which certificate to be known: for a private authority.
         *
         * @param tls of an {@link javax.net.ssl.SSLContext}; that of the platform if null
         * @return this
         */
        public Builder tls(SSLSocketFactory tls) {
            this.tls = tls;
            return this;
        }

        /**
         * Sets the header of the events that are taken first.
         *
         * @param header an {@link eventgrpc.events.Header}; none if null
         * @return this
         */
        public Builder header(RequestHeader header) {
            this.header = header;
            return this;
        }

        /**
         * Keeps the queue from one run to the next.
         *
         * @param storage such as a {@link FileStorage}; in memory only if null
         * @return this
         */
        public Builder storage(Storage storage) {
            this.storage = storage;
            return this;
        }

        /**
         * Sets what the user allows at the start.
         *
         * @param consent granted by default
         * @return this
         */
        public Builder consent(Consent consent) {
            this.consent = consent;
            return this;
        }

        /**
         * Sets who is told of events that are given up.
         *
         * @param listener called for each
         * @return this
         */
        public Builder onGivenUp(GivenUpListener listener) {
            this.onGivenUp = listener;
            return this;
        }

        /**
         * Limits the queue.
         *
         * @param events 1,000 by default
         * @param bytes 5,000,000 by default
         * @return this
         */
        public Builder maxQueue(int events, long bytes) {
            this.maxEvents = events;
            this.maxBytes = bytes;
            return this;
        }

        /**
         * Limits an event.
         *
         * @param bytes as it is sent; 256 KiB by default
         * @return this
         */
        public Builder maxEventBytes(int bytes) {
            this.maxEventBytes = bytes;
            return this;
        }

        /**
         * Limits how long an event may wait.
         *
         * @param age 7 days by default
         * @return this
         */
        public Builder maxAge(Duration age) {
            this.maxAgeMillis = age.toMillis();
            return this;
        }

        /**
         * Limits a request.
         *
         * @param events 50 by default
         * @param bytes of its body; 500,000 by default
         * @return this
         */
        public Builder batch(int events, int bytes) {
            this.batchEvents = Math.max(1, events);
            this.batchBytes = bytes;
            return this;
        }

        /**
         * Sets how long an event may wait for others before it is sent.
         *
         * @param wait 3 seconds by default
         * @return this
         */
        public Builder batchWait(Duration wait) {
            this.batchWaitMillis = wait.toMillis();
            return this;
        }

        /**
         * Sets the limits of the random pause after a failure.
         *
         * @param first after the first failure, and doubled with each further one; 1 second by default
         * @param longest 10 minutes by default
         * @return this
         */
        public Builder backoff(Duration first, Duration longest) {
            this.backoffBaseMillis = Math.max(1, first.toMillis());
            this.backoffMaxMillis = Math.max(1, longest.toMillis());
            return this;
        }

        /**
         * Limits a request and its answer together.
         *
         * @param timeout 30 seconds by default
         * @return this
         */
        public Builder requestTimeout(Duration timeout) {
            this.requestTimeoutMillis = Math.max(1, timeout.toMillis());
            return this;
        }

        /**
         * Ends.
         *
         * @return the options
         * @throws IllegalArgumentException if the endpoint or the key can't be used
         */
        public Options build() {
            if (transport == null) {
                Endpoint.check(endpoint, insecure);
            }
            if (key != null && !key.chars().allMatch(c -> c > ' ' && c <= '~')) {
                throw new IllegalArgumentException("the key has a character that a key can't have; is there a line break?");
            }
            return new Options(this);
        }

        /** A text without the key, which a server might repeat in what it says. */
        String hidden(String text) {
            return key == null || key.isEmpty() ? text : text.replace(key, "[key]");
        }
    }
}
