package eventgrpc;

import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.File;
import java.io.FileInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.zip.CRC32;

/** Framing of the records of a {@link Journal}: a mark, the length and the CRC-32 of the content, and the content. */
final class Frame {
    /** Bytes before the content. */
    static final int HEAD = 12;

    private static final int MARK = 0xa7e76a31;
    /** What is behind so many bytes of a file isn't read. */
    private static final int MOST = 256 << 20;

    private Frame() {}

    /** The record of a content. */
    static byte[] of(byte[] content) {
        CRC32 crc = new CRC32();
        crc.update(content);
        ByteBuffer record = ByteBuffer.allocate(HEAD + content.length);
        record.putInt(MARK).putInt(content.length).putInt((int) crc.getValue()).put(content);
        return record.array();
    }

    /** The content of the record at a place; null if there is no whole one. */
    static byte[] at(byte[] bytes, int at) {
        if (bytes.length - at < HEAD) {
            return null;
        }
        ByteBuffer record = ByteBuffer.wrap(bytes, at, bytes.length - at);
        if (record.getInt() != MARK) {
            return null;
        }
        int length = record.getInt();
        int expected = record.getInt();
        if (length < 0 || length > record.remaining()) {
            return null;
        }
        CRC32 crc = new CRC32();
        crc.update(bytes, at + HEAD, length);
        return (int) crc.getValue() == expected ? Arrays.copyOfRange(bytes, at + HEAD, at + HEAD + length) : null;
    }

    /** What is in a file; nothing if there is none. */
    static byte[] contents(File path) throws IOException {
        if (!path.exists()) {
            return new byte[0];
        }
        try (DataInputStream in = new DataInputStream(new FileInputStream(path))) {
            byte[] bytes = new byte[(int) Math.min(MOST, path.length())];
            in.readFully(bytes);
            return bytes;
        }
    }

    /** Writes bytes with their length before them. */
    static void put(DataOutputStream out, byte[] part) throws IOException {
        out.writeInt(part.length);
        out.write(part);
    }

    /** Reads what {@link #put} wrote. */
    static byte[] part(DataInputStream in) throws IOException {
        int length = in.readInt();
        if (length < 0 || length > in.available()) {
            throw new IOException("a part of " + length + " bytes in a record with " + in.available());
        }
        byte[] part = new byte[length];
        in.readFully(part);
        return part;
    }

    static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    static String text(byte[] utf8) {
        return new String(utf8, StandardCharsets.UTF_8);
    }

    /** Writes fields into the content of a record. */
    interface Fields {
        void write(DataOutputStream out) throws IOException;
    }

    /** The record of such a content. */
    static byte[] with(Fields fields) throws IOException {
        ByteArrayOutputStream content = new ByteArrayOutputStream();
        fields.write(new DataOutputStream(content));
        return of(content.toByteArray());
    }
}
