package eventgrpc;

import java.io.File;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;

/**
 * A folder as storage. An event is in {@code events.journal} once the operating system has its bytes: a crash of the process loses
 * nothing, the loss of power perhaps the last moments. {@code lock} is held as long as a client has the folder.
 *
 * <p>On Android use a folder below {@code getNoBackupFilesDir()}, and one for each process that sends.
 */
public final class FileStorage implements Storage {
    /** The folders that are in use in this process: to close a second lock of a file would end the first. */
    private static final Set<File> IN_USE = new HashSet<>();

    private final File folder;
    private final TreeMap<Long, StoredEvent> kept = new TreeMap<>();
    private final List<Long> unremoved = new ArrayList<>();
    /** What this one has put into {@link #IN_USE}. */
    private File claimed;
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
        claim();
        try {
            lock();
            journal = new Journal(new File(folder, "events.journal"));
            kept.putAll(journal.read());
        } catch (IOException | RuntimeException error) {
            close();
            throw error;
        }
        return new Left(new ArrayList<>(kept.values()), journal.damaged());
    }

    /** Within this process a set says who has the folder. */
    private void claim() throws IOException {
        File real = folder.getCanonicalFile();
        synchronized (IN_USE) {
            if (!IN_USE.add(real)) {
                throw inUse();
            }
        }
        claimed = real;
    }

    /** The lock, which keeps other processes out, ends with the process, however it ends. */
    private void lock() throws IOException {
        FileLock lock = null;
        lockFile = new RandomAccessFile(new File(folder, "lock"), "rw");
        try {
            lock = lockFile.getChannel().tryLock();
        } catch (OverlappingFileLockException ofAnotherLoader) {
            // Said below, as for any other process.
        }
        if (lock == null) {
            throw inUse();
        }
    }

    private IOException inUse() {
        return new IOException(
                folder + " is in use by another running client; close that one, or give this one a folder of its own");
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
        try {
            if (journal != null) {
                journal.close();
            }
            if (lockFile != null) {
                lockFile.close();
            }
        } finally {
            synchronized (IN_USE) {
                IN_USE.remove(claimed);
            }
        }
    }
}
