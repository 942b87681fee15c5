package eventgrpc.driver;

import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;

/** The members of a JSON object, each of which has to be asked for. */
final class Fields {
    private final Map<String, Object> members;
    private final Set<String> asked = new HashSet<>();

    @SuppressWarnings("unchecked")
    Fields(Object members) {
        this.members = members == null ? Map.of() : (Map<String, Object>) members;
    }

    /** Passes on a member that is there. */
    void with(String name, Consumer<Object> use) {
        asked.add(name);
        Object value = members.get(name);
        if (value != null) {
            use.accept(value);
        }
    }

    /** Throws if there is a member that nobody asked for. */
    void end() {
        for (String name : members.keySet()) {
            if (!asked.contains(name)) {
                throw new IllegalArgumentException("there is no field " + name);
            }
        }
    }
}
