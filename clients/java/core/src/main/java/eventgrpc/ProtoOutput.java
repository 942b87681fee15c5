package eventgrpc;

/** Values in the encoding of protobuf, without tags: written into bytes of the right size, or only counted. */
abstract class ProtoOutput {
    /** Null if bytes are only counted. */
    private final byte[] bytes;

    private int at;

    ProtoOutput(byte[] bytes) {
        this.bytes = bytes;
    }

    /** How many bytes there are so far. */
    final int length() {
        return at;
    }

    /** Unsigned, seven bits a byte, the lowest first. */
    final void varint(long value) {
        long left = value;
        while ((left & ~0x7fL) != 0) {
            one((byte) (left | 0x80));
            left >>>= 7;
        }
        one((byte) left);
    }

    /** The lowest byte first. */
    final void fourBytes(int value) {
        for (int shift = 0; shift < 32; shift += 8) {
            one((byte) (value >>> shift));
        }
    }

    /** The lowest byte first. */
    final void eightBytes(long value) {
        fourBytes((int) value);
        fourBytes((int) (value >>> 32));
    }

    final void raw(byte[] value) {
        if (bytes != null) {
            System.arraycopy(value, 0, bytes, at, value.length);
        }
        at += value.length;
    }

    /** UTF-8 with its length before it. Half of a surrogate pair becomes {@code ?}, as in the JDK. */
    final void text(String value) {
        varint(utf8Length(value));
        for (int i = 0; i < value.length(); i++) {
            char unit = value.charAt(i);
            if (unit < 0x80) {
                one((byte) unit);
            } else if (unit < 0x800) {
                one((byte) (0xc0 | unit >>> 6));
                one(following(unit));
            } else if (isPair(value, i)) {
                int point = Character.toCodePoint(unit, value.charAt(++i));
                one((byte) (0xf0 | point >>> 18));
                one(following(point >>> 12));
                one(following(point >>> 6));
                one(following(point));
            } else if (Character.isSurrogate(unit)) {
                one((byte) '?');
            } else {
                one((byte) (0xe0 | unit >>> 12));
                one(following(unit >>> 6));
                one(following(unit));
            }
        }
    }

    private static int utf8Length(String value) {
        int length = value.length();
        for (int i = 0; i < value.length(); i++) {
            char unit = value.charAt(i);
            if (isPair(value, i)) {
                length += 2;
                i++;
            } else if (unit >= 0x800 && !Character.isSurrogate(unit)) {
                length += 2;
            } else if (unit >= 0x80 && unit < 0x800) {
                length += 1;
            }
        }
        return length;
    }

    private static boolean isPair(String value, int at) {
        return at + 1 < value.length() && Character.isSurrogatePair(value.charAt(at), value.charAt(at + 1));
    }

    private static byte following(int bits) {
        return (byte) (0x80 | bits & 0x3f);
    }

    private void one(byte value) {
        if (bytes != null) {
            bytes[at] = value;
        }
        at++;
    }
}
