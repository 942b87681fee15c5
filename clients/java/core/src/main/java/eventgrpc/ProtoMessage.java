package eventgrpc;

import java.util.Arrays;

/** A message that writes itself as protobuf. Two are equal if they are of one type and write the same bytes. */
public abstract class ProtoMessage {
    /** Only generated messages extend this. */
    protected ProtoMessage() {}

    /**
     * Writes the fields that are set, by ascending number.
     *
     * @param out where to
     */
    public abstract void writeTo(ProtoWriter out);

    /**
     * The message as protobuf.
     *
     * @return new bytes
     */
    public final byte[] toBytes() {
        byte[] bytes = new byte[ProtoWriter.sizeOf(this)];
        writeTo(new ProtoWriter(bytes));
        return bytes;
    }

    @Override
    public final boolean equals(Object other) {
        return other != null
                && other.getClass() == getClass()
                && Arrays.equals(toBytes(), ((ProtoMessage) other).toBytes());
    }

    @Override
    public final int hashCode() {
        return Arrays.hashCode(toBytes());
    }

    /** The type and how many bytes it has; values aren't shown, since they may be personal. */
    @Override
    public final String toString() {
        return getClass().getSimpleName() + "(" + ProtoWriter.sizeOf(this) + " bytes)";
    }
}
