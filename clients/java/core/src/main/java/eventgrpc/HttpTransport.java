package eventgrpc;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.HttpURLConnection;
import java.net.SocketTimeoutException;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.HttpsURLConnection;
import javax.net.ssl.SSLSocketFactory;

/** Requests over {@link HttpURLConnection}, which every Java and every Android has. */
final class HttpTransport implements Transport {
    private static final String PROTOBUF = "application/x-protobuf";
    /** Bytes of an answer that are read. */
    private static final int LARGEST = 1 << 20;
    /** Characters of a message that are kept. */
    private static final int MESSAGE = 1_000;

    private final URL url;
    private final String key;
    private final SSLSocketFactory tls;
    private final ScheduledThreadPoolExecutor deadlines;
    private volatile HttpURLConnection current;
    private volatile boolean closed;

    HttpTransport(Options.Builder options) {
        url = Endpoint.url(options.endpoint, Wire.PATH);
        key = options.key;
        tls = options.tls;
        deadlines = new ScheduledThreadPoolExecutor(1, work -> {
            Thread thread = new Thread(work, "event-grpc-deadline");
            thread.setDaemon(true);
            return thread;
        });
        deadlines.setRemoveOnCancelPolicy(true);
    }

    @Override
    public Answer send(byte[] request, long timeoutMillis) throws IOException {
        HttpURLConnection connection = (HttpURLConnection) url.openConnection();
        current = connection;
        long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(timeoutMillis);
        // A timeout of the connection is for each read only.
        ScheduledFuture<?> deadline = deadlines.schedule(connection::disconnect, timeoutMillis, TimeUnit.MILLISECONDS);
        boolean read = false;
        try {
            write(connection, request, (int) Math.min(Integer.MAX_VALUE, timeoutMillis));
            Answer answer = answer(connection, end);
            read = true;
            if (!deadline.cancel(false)) {
                throw late(timeoutMillis);
            }
            return answer;
        } catch (IOException | RuntimeException cut) {
            // Where another thread cuts the connection the JDK stumbles, also over a null pointer of its own.
            if (isOver(end)) {
                throw late(timeoutMillis);
            }
            throw cut instanceof IOException ? (IOException) cut : new IOException("the connection was cut", cut);
        } finally {
            deadline.cancel(false);
            current = null;
            if (!read) {
                connection.disconnect();
            }
        }
    }

    private static boolean isOver(long end) {
        return System.nanoTime() - end >= 0;
    }

    private static IOException late(long timeoutMillis) {
        return new SocketTimeoutException("no whole answer within " + timeoutMillis + " ms");
    }

    private void write(HttpURLConnection connection, byte[] request, int timeoutMillis) throws IOException {
        connection.setRequestMethod("POST");
        connection.setConnectTimeout(timeoutMillis);
        connection.setReadTimeout(timeoutMillis);
        connection.setInstanceFollowRedirects(false);
        connection.setUseCaches(false);
        connection.setDoOutput(true);
        if (tls != null && connection instanceof HttpsURLConnection) {
            ((HttpsURLConnection) connection).setSSLSocketFactory(tls);
        }
        // With a known length the JDK doesn't send a request a second time by itself.
        connection.setFixedLengthStreamingMode(request.length);
        connection.setRequestProperty("content-type", PROTOBUF);
        connection.setRequestProperty("accept", PROTOBUF);
        if (key != null) {
            connection.setRequestProperty("authorization", "Bearer " + key);
        }
        try (OutputStream out = connection.getOutputStream()) {
            out.write(request);
        }
    }

    private Answer answer(HttpURLConnection connection, long end) throws IOException {
        int status = connection.getResponseCode();
        byte[] body;
        try (InputStream in = status < 400 ? connection.getInputStream() : connection.getErrorStream()) {
            body = in == null ? new byte[0] : read(in, end);
        }
        String type = connection.getContentType();
        boolean isProtobuf = type != null && type.startsWith("application/") && type.contains("protobuf");
        long retryAfter = RetryAfter.millis(connection.getHeaderField("retry-after"), connection.getHeaderField("date"));
        if (status == HttpURLConnection.HTTP_OK && isProtobuf) {
            return Answer.ok(body, retryAfter);
        }
        Response response = isProtobuf ? Response.read(body) : null;
        String message = response == null ? new String(body, StandardCharsets.UTF_8) : response.message();
        return Answer.other(status, shortened(hidden(message.isEmpty() ? reason(connection) : message)), retryAfter);
    }

    /** The key is shown nowhere, also when a server repeats it. */
    private String hidden(String message) {
        return key == null || key.isEmpty() ? message : message.replace(key, "[key]");
    }

    /** For 401 the JDK keeps the body to itself. */
    private static String reason(HttpURLConnection connection) throws IOException {
        String reason = connection.getResponseMessage();
        return reason == null ? "" : reason;
    }

    private static String shortened(String message) {
        return message.length() <= MESSAGE ? message : message.substring(0, MESSAGE);
    }

    /** To the end, since a connection is used again only then; but of a large answer only the beginning. */
    private byte[] read(InputStream in, long end) throws IOException {
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        byte[] part = new byte[8192];
        for (int count = in.read(part); count >= 0 && body.size() < LARGEST; count = in.read(part)) {
            body.write(part, 0, count);
            // What comes byte by byte keeps `disconnect` waiting for as long as it comes.
            if (closed || isOver(end)) {
                throw new IOException("the rest of the answer is not waited for");
            }
        }
        return body.toByteArray();
    }

    @Override
    public void close() {
        closed = true;
        HttpURLConnection under = current;
        if (under != null) {
            // Elsewhere, since it may wait for the thread that reads.
            deadlines.execute(under::disconnect);
        }
        deadlines.shutdown();
    }

    /** Never shows the key. */
    @Override
    public String toString() {
        return url.toString();
    }
}
