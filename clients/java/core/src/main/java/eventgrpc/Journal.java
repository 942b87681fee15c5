package eventgrpc;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.File;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.util.Collection;
import java.util.List;
import java.util.TreeMap;

/**
 * The file of {@link FileStorage}: events that were added, and sequences that were removed, in order. A record is a mark, the length
 * and the CRC-32 of its content, and the content. Behind one that is damaged the next one is looked for by its mark.
 */
final class Journal {
    private static final byte EVENT = 1;
    private static final byte REMOVED = 2;
    /** Bytes of records that are of no use any more, above which a file is written anew. */
    private static final long WASTE = 1 << 20;
    /** Bytes of a record beside header and body, about. */
    private static final int OVERHEAD = 128;

    private final File path;
    private RandomAccessFile file;
    /** Where the next record goes. */
    private long end;
    private long damaged;

    Journal(File path) {
        this.path = path;
    }

    long damaged() {
        return damaged;
    }

    /** The events that are there, by sequence. */
    TreeMap<Long, StoredEvent> read() throws IOException {
        TreeMap<Long, StoredEvent> events = new TreeMap<>();
        byte[] bytes = Frame.contents(path);
        int at = 0;
        boolean broken = false;
        while (at < bytes.length) {
            byte[] content = Frame.at(bytes, at);
            if (content == null || !understood(content, events)) {
                damaged += broken ? 0 : 1;
                broken = true;
                at++;
                continue;
            }
            broken = false;
            at += Frame.HEAD + content.length;
        }
        end = bytes.length;
        return events;
    }

    private static boolean understood(byte[] content, TreeMap<Long, StoredEvent> events) {
        try (DataInputStream in = new DataInputStream(new ByteArrayInputStream(content))) {
            byte kind = in.readByte();
            if (kind == REMOVED) {
                for (int left = in.readInt(); left > 0; left--) {
                    events.remove(in.readLong());
                }
                return true;
            }
            long sequence = in.readLong();
            long takenAt = in.readLong();
            String id = Frame.text(Frame.part(in));
            String type = Frame.text(Frame.part(in));
            byte[] header = Frame.part(in);
            events.put(sequence, new StoredEvent(sequence, takenAt, id, type, header, Frame.part(in)));
            return kind == EVENT;
        } catch (IOException tooShort) {
            return false;
        }
    }

    void append(StoredEvent event) throws IOException {
        write(record(event));
    }

    private static byte[] record(StoredEvent event) throws IOException {
        return Frame.with(out -> {
            out.writeByte(EVENT);
            out.writeLong(event.sequence());
            out.writeLong(event.takenAtMillis());
            Frame.put(out, Frame.utf8(event.id()));
            Frame.put(out, Frame.utf8(event.type()));
            Frame.put(out, event.header());
            Frame.put(out, event.body());
        });
    }

    void remove(List<Long> sequences) throws IOException {
        write(Frame.with(out -> {
            out.writeByte(REMOVED);
            out.writeInt(sequences.size());
            for (long sequence : sequences) {
                out.writeLong(sequence);
            }
        }));
    }

    /** Empties the file. One that isn't there isn't made. */
    void clear() throws IOException {
        if (end > 0 || path.length() > 0) {
            open().setLength(0);
            end = 0;
        }
        damaged = 0;
    }

    /** Whether most of the file is of no use. */
    boolean isWasteful(Collection<StoredEvent> kept) {
        long useful = 0;
        for (StoredEvent event : kept) {
            useful += event.header().length + event.body().length + OVERHEAD;
        }
        return damaged > 0 || end > WASTE + 2 * useful;
    }

    /** Puts a file with these events only in the place of the present one. */
    void rewrite(Collection<StoredEvent> kept) throws IOException {
        File written = new File(path.getPath() + ".new");
        ByteArrayOutputStream records = new ByteArrayOutputStream();
        for (StoredEvent event : kept) {
            records.write(record(event));
        }
        try (RandomAccessFile out = new RandomAccessFile(written, "rw")) {
            out.setLength(0);
            out.write(records.toByteArray());
            // Else the loss of power might leave the new name without the content.
            out.getFD().sync();
        }
        close();
        if (!written.renameTo(path)) {
            throw new IOException(written + " can't be renamed to " + path);
        }
        end = records.size();
        damaged = 0;
    }

    void close() throws IOException {
        if (file != null) {
            file.close();
            file = null;
        }
    }

    private void write(byte[] record) throws IOException {
        RandomAccessFile out = open();
        out.seek(end);
        try {
            out.write(record);
        } catch (IOException error) {
            // Half a record would count as damaged at the next start.
            out.setLength(end);
            throw error;
        }
        end += record.length;
    }

    /** Not a channel, since an interrupt of the caller's thread would close it. */
    private RandomAccessFile open() throws IOException {
        if (file == null) {
            file = new RandomAccessFile(path, "rw");
        }
        return file;
    }
}
