package eventgrpc;

import java.net.MalformedURLException;
import java.net.URL;

/** Where requests go. */
final class Endpoint {
    private Endpoint() {}

    /** Throws if requests, with a key perhaps, should not go there. */
    static void check(String endpoint, boolean insecure) {
        URL url = url(endpoint, "");
        if (url.getUserInfo() != null || url.getQuery() != null || url.getRef() != null) {
            throw new IllegalArgumentException(
                    "the endpoint has a user, a query or a fragment; write it as https://events.example, and the key as an option");
        }
        boolean plain = url.getProtocol().equals("http");
        if (!plain && !url.getProtocol().equals("https")) {
            throw new IllegalArgumentException("the endpoint begins with " + url.getProtocol() + ":, not with https:");
        }
        if (plain && !insecure && !isLoopback(url.getHost())) {
            throw new IllegalArgumentException("the endpoint " + endpoint
                    + " would send the key and the events in the clear; write https:, or allow it with insecure(true)");
        }
    }

    /** A path below an endpoint. */
    static URL url(String endpoint, String path) {
        String base = endpoint == null ? "" : endpoint;
        while (base.endsWith("/")) {
            base = base.substring(0, base.length() - 1);
        }
        try {
            return new URL(base + path);
        } catch (MalformedURLException notOne) {
            throw new IllegalArgumentException("the endpoint is no URL; write it as https://events.example");
        }
    }

    private static boolean isLoopback(String host) {
        return host.equalsIgnoreCase("localhost") || host.matches("127(\\.[0-9]{1,3}){3}") || host.equals("[::1]");
    }
}
