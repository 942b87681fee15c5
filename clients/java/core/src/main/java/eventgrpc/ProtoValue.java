package eventgrpc;

import java.time.Duration;
import java.time.Instant;

/**
 * How a value is written.
 *
 * @param <T> its type in Java
 */
public final class ProtoValue<T> {
    /** {@code int32}. */
    public static final ProtoValue<Integer> INT32 = new ProtoValue<>(ProtoWriter.VARINT, v -> v == 0, (out, v) -> out.varint(v));
    /** {@code int64}. */
    public static final ProtoValue<Long> INT64 = new ProtoValue<>(ProtoWriter.VARINT, v -> v == 0, (out, v) -> out.varint(v));
    /** {@code uint32}: an {@code int} whose bits are unsigned. */
    public static final ProtoValue<Integer> UINT32 =
            new ProtoValue<>(ProtoWriter.VARINT, v -> v == 0, (out, v) -> out.varint(v & 0xffffffffL));
    /** {@code uint64}: a {@code long} whose bits are unsigned. */
    public static final ProtoValue<Long> UINT64 = INT64;
    /** {@code sint32}. */
    public static final ProtoValue<Integer> SINT32 =
            new ProtoValue<>(ProtoWriter.VARINT, v -> v == 0, (out, v) -> out.varint((v << 1 ^ v >> 31) & 0xffffffffL));
    /** {@code sint64}. */
    public static final ProtoValue<Long> SINT64 =
            new ProtoValue<>(ProtoWriter.VARINT, v -> v == 0, (out, v) -> out.varint(v << 1 ^ v >> 63));
    /** {@code fixed32}: an {@code int} whose bits are unsigned. */
    public static final ProtoValue<Integer> FIXED32 =
            new ProtoValue<>(ProtoWriter.FOUR_BYTES, v -> v == 0, (out, v) -> out.fourBytes(v));
    /** {@code fixed64}: a {@code long} whose bits are unsigned. */
    public static final ProtoValue<Long> FIXED64 =
            new ProtoValue<>(ProtoWriter.EIGHT_BYTES, v -> v == 0, (out, v) -> out.eightBytes(v));
    /** {@code sfixed32}. */
    public static final ProtoValue<Integer> SFIXED32 = FIXED32;
    /** {@code sfixed64}. */
    public static final ProtoValue<Long> SFIXED64 = FIXED64;
    /** {@code float}. Its default is 0 but not -0. */
    public static final ProtoValue<Float> FLOAT = new ProtoValue<>(
            ProtoWriter.FOUR_BYTES, v -> Float.floatToIntBits(v) == 0, (out, v) -> out.fourBytes(Float.floatToIntBits(v)));
    /** {@code double}. Its default is 0 but not -0. */
    public static final ProtoValue<Double> DOUBLE = new ProtoValue<>(
            ProtoWriter.EIGHT_BYTES, v -> Double.doubleToLongBits(v) == 0, (out, v) -> out.eightBytes(Double.doubleToLongBits(v)));
    /** {@code bool}. */
    public static final ProtoValue<Boolean> BOOL = new ProtoValue<>(ProtoWriter.VARINT, v -> !v, (out, v) -> out.varint(v ? 1 : 0));
    /** An enum. */
    public static final ProtoValue<ProtoEnum> ENUM =
            new ProtoValue<>(ProtoWriter.VARINT, v -> v.number() == 0, (out, v) -> out.varint(v.number()));
    /** {@code string}. */
    public static final ProtoValue<String> STRING =
            new ProtoValue<>(ProtoWriter.DELIMITED, String::isEmpty, (out, v) -> out.text(v));
    /** {@code bytes}. */
    public static final ProtoValue<byte[]> BYTES =
            new ProtoValue<>(ProtoWriter.DELIMITED, v -> v.length == 0, (out, v) -> out.delimited(v));
    /** A message. */
    public static final ProtoValue<ProtoMessage> MESSAGE = new ProtoValue<>(ProtoWriter.DELIMITED, v -> false, ProtoWriter::message);
    /** {@code google.protobuf.Timestamp}. */
    public static final ProtoValue<Instant> TIMESTAMP =
            new ProtoValue<>(ProtoWriter.DELIMITED, v -> false, (out, v) -> out.time(v.getEpochSecond(), v.getNano()));
    /** {@code google.protobuf.Duration}, whose parts have one sign. */
    public static final ProtoValue<Duration> DURATION = new ProtoValue<>(ProtoWriter.DELIMITED, v -> false, (out, v) -> {
        boolean rounded = v.getSeconds() < 0 && v.getNano() > 0;
        out.time(rounded ? v.getSeconds() + 1 : v.getSeconds(), rounded ? v.getNano() - 1_000_000_000 : v.getNano());
    });

    /** What a tag says of the value behind it. */
    final int wire;

    /** True for the value that a field without presence has when it is absent. */
    final Test<T> isDefault;

    final Put<T> put;

    private ProtoValue(int wire, Test<T> isDefault, Put<T> put) {
        this.wire = wire;
        this.isDefault = isDefault;
        this.put = put;
    }

    interface Test<T> {
        boolean of(T value);
    }

    /** Writes a value without its tag. */
    interface Put<T> {
        void put(ProtoWriter out, T value);
    }
}
