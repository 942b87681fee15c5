package eventgrpc.driver;

import eventgrpc.Counters;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Counters as scenarios name them. */
final class CounterView {
    private CounterView() {}

    static Map<String, Object> of(Counters counters, List<Object> gaveUp) {
        Map<String, Object> view = new LinkedHashMap<>();
        view.put("taken", counters.getTaken());
        view.put("refused", byReason(counters.getRefused()));
        view.put("accepted", counters.getAccepted());
        view.put("given_up", byReason(counters.getGivenUp()));
        view.put("queued", counters.getQueued());
        view.put("requests", counters.getRequests());
        view.put("retries", counters.getRetries());
        view.put("damaged", counters.getDamaged());
        view.put("last_failure", counters.getLastFailure());
        view.put("gave_up", new ArrayList<>(gaveUp));
        return view;
    }

    private static Map<String, Object> byReason(Map<?, Long> counts) {
        Map<String, Object> view = new LinkedHashMap<>();
        counts.forEach((reason, count) -> view.put(reason.toString(), count));
        return view;
    }
}
