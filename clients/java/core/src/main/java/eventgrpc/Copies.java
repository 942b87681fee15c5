package eventgrpc;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Copies of what a builder is given, so that nobody can change an event that was built. Nulls are left out. */
public final class Copies {
    private Copies() {}

    /**
     * A list that can't be changed.
     *
     * @param values null is as good as an empty one
     * @param <T> type of its elements
     * @return never null
     */
    public static <T> List<T> list(Collection<? extends T> values) {
        List<T> copy = new ArrayList<>(values == null ? 0 : values.size());
        if (values != null) {
            for (T value : values) {
                if (value != null) {
                    copy.add(value);
                }
            }
        }
        return Collections.unmodifiableList(copy);
    }

    /**
     * A map that can't be changed, in the order of the one given.
     *
     * @param values null is as good as an empty one
     * @param <K> type of its keys
     * @param <V> type of its values
     * @return never null
     */
    public static <K, V> Map<K, V> map(Map<? extends K, ? extends V> values) {
        Map<K, V> copy = new LinkedHashMap<>();
        if (values != null) {
            for (Map.Entry<? extends K, ? extends V> entry : values.entrySet()) {
                if (entry.getKey() != null && entry.getValue() != null) {
                    copy.put(entry.getKey(), entry.getValue());
                }
            }
        }
        return Collections.unmodifiableMap(copy);
    }

    /**
     * Bytes of its own.
     *
     * @param bytes may be null
     * @return null for null
     */
    public static byte[] bytes(byte[] bytes) {
        return bytes == null ? null : bytes.clone();
    }
}
