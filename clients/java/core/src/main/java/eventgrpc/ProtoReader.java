package eventgrpc;

import java.nio.charset.StandardCharsets;

/**
 * Reads a protobuf message field by field. It throws on no bytes: at the first that make no sense it ends, and {@link #isBroken}
 * says so.
 */
final class ProtoReader {
    private final byte[] bytes;
    private final int end;
    private int at;
    private boolean broken;
    private int number;
    private long value;
    private int start;

    ProtoReader(byte[] bytes) {
        this(bytes, 0, bytes.length);
    }

    private ProtoReader(byte[] bytes, int at, int end) {
        this.bytes = bytes;
        this.at = at;
        this.end = end;
    }

    /** Goes to the next field; false at the end, and where bytes make no sense. */
    boolean next() {
        if (broken || at == end) {
            return false;
        }
        long tag = varint();
        number = (int) (tag >>> 3);
        start = -1;
        value = 0;
        switch ((int) (tag & 7)) {
            case ProtoWriter.VARINT:
                value = varint();
                break;
            case ProtoWriter.EIGHT_BYTES:
                skip(8);
                break;
            case ProtoWriter.DELIMITED:
                long length = varint();
                start = at;
                skip(length);
                break;
            case ProtoWriter.FOUR_BYTES:
                skip(4);
                break;
            default:
                broken = true;
        }
        if (tag >>> 3 == 0 || tag >>> 3 > 0x1fffffff) {
            broken = true;
        }
        return !broken;
    }

    /** True once bytes made no sense. */
    boolean isBroken() {
        return broken;
    }

    /** The field's number. */
    int number() {
        return number;
    }

    /** True if the field is a text or a message. */
    boolean isDelimited() {
        return start >= 0;
    }

    /** The field's number value; 0 if it has none. */
    long value() {
        return value;
    }

    /** The field's text. */
    String text() {
        return isDelimited() ? new String(bytes, start, at - start, StandardCharsets.UTF_8) : "";
    }

    /** A reader of the field's message. */
    ProtoReader message() {
        return isDelimited() ? new ProtoReader(bytes, start, at) : new ProtoReader(bytes, end, end);
    }

    private void skip(long count) {
        if (count < 0 || count > end - at) {
            broken = true;
        } else {
            at += (int) count;
        }
    }

    private long varint() {
        long read = 0;
        for (int shift = 0; shift < 64; shift += 7) {
            if (at == end) {
                break;
            }
            byte next = bytes[at++];
            read |= (long) (next & 0x7f) << shift;
            if (next >= 0) {
                return read;
            }
        }
        broken = true;
        return 0;
    }
}
