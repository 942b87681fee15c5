package eventgrpc;

import java.util.List;
import java.util.Map;

/** Writes the fields of a message as protobuf, or only counts their bytes. */
public final class ProtoWriter extends ProtoOutput {
    static final int VARINT = 0;
    static final int EIGHT_BYTES = 1;
    static final int DELIMITED = 2;
    static final int FOUR_BYTES = 5;

    /** @param bytes exactly as many as are written; null to count them only */
    ProtoWriter(byte[] bytes) {
        super(bytes);
    }

    /** How many bytes a message has. */
    static int sizeOf(ProtoMessage message) {
        ProtoWriter count = new ProtoWriter(null);
        message.writeTo(count);
        return count.length();
    }

    /**
     * Writes a field without presence, which is left out at its default.
     *
     * @param number the field's
     * @param type how it is written
     * @param value left out if null
     * @param <T> type of the value
     */
    public <T> void write(int number, ProtoValue<? super T> type, T value) {
        if (value != null && !type.isDefault.of(value)) {
            put(number, type, value);
        }
    }

    /**
     * Writes a field with presence: whatever was set.
     *
     * @param number the field's
     * @param type how it is written
     * @param value left out if null
     * @param <T> type of the value
     */
    public <T> void put(int number, ProtoValue<? super T> type, T value) {
        if (value != null) {
            tag(number, type.wire);
            type.put.put(this, value);
        }
    }

    /**
     * Writes a list, each value with a tag.
     *
     * @param number the field's
     * @param type how a value is written
     * @param values without nulls
     * @param <T> type of the values
     */
    public <T> void each(int number, ProtoValue<? super T> type, List<T> values) {
        for (T value : values) {
            put(number, type, value);
        }
    }

    /**
     * Writes a list of numbers behind one tag.
     *
     * @param number the field's
     * @param type how a value is written
     * @param values without nulls
     * @param <T> type of the values
     */
    public <T> void packed(int number, ProtoValue<? super T> type, List<T> values) {
        if (values.isEmpty()) {
            return;
        }
        ProtoWriter count = new ProtoWriter(null);
        for (T value : values) {
            type.put.put(count, value);
        }
        tag(number, DELIMITED);
        varint(count.length());
        for (T value : values) {
            type.put.put(this, value);
        }
    }

    /**
     * Writes a map, each entry as a message with the key and the value.
     *
     * @param number the field's
     * @param keys how a key is written
     * @param types how a value is written
     * @param values without nulls
     * @param <K> type of the keys
     * @param <V> type of the values
     */
    public <K, V> void map(int number, ProtoValue<? super K> keys, ProtoValue<? super V> types, Map<K, V> values) {
        for (Map.Entry<K, V> entry : values.entrySet()) {
            ProtoWriter count = new ProtoWriter(null);
            count.entry(keys, types, entry);
            tag(number, DELIMITED);
            varint(count.length());
            entry(keys, types, entry);
        }
    }

    private <K, V> void entry(ProtoValue<? super K> keys, ProtoValue<? super V> types, Map.Entry<K, V> entry) {
        put(1, keys, entry.getKey());
        put(2, types, entry.getValue());
    }

    void tag(int number, int wire) {
        varint((long) number << 3 | wire);
    }

    /** A message with its length before it. */
    void message(ProtoMessage message) {
        varint(sizeOf(message));
        message.writeTo(this);
    }

    /** Bytes with their length before them. */
    void delimited(byte[] value) {
        varint(value.length);
        raw(value);
    }

    /** What Google's timestamp and duration have in common. */
    void time(long seconds, int nanos) {
        ProtoWriter count = new ProtoWriter(null);
        count.parts(seconds, nanos);
        varint(count.length());
        parts(seconds, nanos);
    }

    private void parts(long seconds, int nanos) {
        write(1, ProtoValue.INT64, seconds);
        write(2, ProtoValue.INT32, nanos);
    }
}
