package eventgrpc;

import java.io.Closeable;
import java.io.File;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.TreeMap;

/**
 * A folder as storage. An event is in {@code events.journal} once the operating system has its bytes: a crash of the process loses
 * nothing, the loss of power perhaps the last moments. {@code lock} is held as long as a client has the folder.
 *
 * <p>On Android use a folder below {@code getNoBackupFilesDir()}, and one for each process that sends.
 */
public final class FileStorage implements Storage {
    private final File folder;
    private final TreeMap<Long, StoredEvent> kept = new TreeMap<>();
    private final List<Long> unremoved = new ArrayList<>();
    private RandomAccessFile lockFile;
    private Journal journal;

    /**
     * Names the folder. It is made when a client opens it.
     *
     * @param folder of this client alone
     */
    public FileStorage(File folder) {
        this.folder = folder;
    }

    @Override
    public Left open() throws IOException {
        if (!folder.isDirectory() && !folder.mkdirs()) {
            throw new IOException(folder + " can't be made; name a folder that this program may write to");
        }
        lock();
        try {
            journal = new Journal(new File(folder, "events.journal"));
            kept.putAll(journal.read());
        } catch (IOException | RuntimeException error) {
            close();
            throw error;
        }
        return new Left(new ArrayList<>(kept.values()), journal.damaged());
    }

    /** The lock ends with the process, however it ends. */
    private void lock() throws IOException {
        FileLock lock = null;
        lockFile = new RandomAccessFile(new File(folder, "lock"), "rw");
        try {
            lock = lockFile.getChannel().tryLock();
        } catch (OverlappingFileLockException inThisProcess) {
            // Said below, as for any other process.
        } finally {
            if (lock == null) {
                close(lockFile);
            }
        }
        if (lock == null) {
            throw new IOException(
                    folder + " is in use by another running client; close that one, or give this one a folder of its own");
        }
    }

    @Override
    public void append(StoredEvent event) throws IOException {
        if (!unremoved.isEmpty() || journal.damaged() > 0) {
            forget();
        }
        journal.append(event);
        kept.put(event.sequence(), event);
    }

    @Override
    public void remove(Collection<StoredEvent> events) throws IOException {
        for (StoredEvent event : events) {
            if (kept.remove(event.sequence()) != null) {
                unremoved.add(event.sequence());
            }
        }
        forget();
    }

    /** Writes down what was removed, and the file anew if most of it is about events that are gone. */
    private void forget() throws IOException {
        if (kept.isEmpty()) {
            journal.clear();
        } else if (journal.isWasteful(kept.values())) {
            journal.rewrite(kept.values());
        } else if (!unremoved.isEmpty()) {
            journal.remove(unremoved);
        }
        unremoved.clear();
    }

    @Override
    public void close() throws IOException {
        if (journal != null) {
            journal.close();
        }
        if (lockFile != null) {
            lockFile.close();
        }
    }

    private static void close(Closeable closeable) {
        try {
            closeable.close();
        } catch (IOException ignored) {
            // What matters is the error that made this necessary.
        }
    }
}
