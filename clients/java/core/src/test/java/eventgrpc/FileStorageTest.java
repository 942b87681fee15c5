package eventgrpc;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileStorageTest {
    @TempDir
    File folder;

    private static StoredEvent event(long sequence, int size) {
        return new StoredEvent(sequence, 1_000 + sequence, "id-" + sequence, "launchEvent", new byte[] {1}, new byte[size]);
    }

    private Path journal() {
        return folder.toPath().resolve("events.journal");
    }

    private static List<Long> sequences(Storage.Left left) {
        List<Long> sequences = new ArrayList<>();
        left.events().forEach(event -> sequences.add(event.sequence()));
        return sequences;
    }

    /** What the next client finds. */
    private Storage.Left reopened() throws IOException {
        FileStorage storage = new FileStorage(folder);
        Storage.Left left = storage.open();
        storage.close();
        return left;
    }

    private void write(int events, int size) throws IOException {
        FileStorage storage = new FileStorage(folder);
        storage.open();
        for (int sequence = 1; sequence <= events; sequence++) {
            storage.append(event(sequence, size));
        }
        storage.close();
    }

    @Test
    void aSecondClientHereDoesntOpenTheFolderForOtherProcesses() throws Exception {
        FileStorage first = new FileStorage(folder);
        first.open();
        assertThrows(IOException.class, () -> new FileStorage(folder).open());
        assertThrows(IOException.class, () -> new FileStorage(new File(folder, "../" + folder.getName())).open());
        assertEquals("in use", ofAnotherProcess());
        first.close();
        assertEquals("free", ofAnotherProcess());
        new FileStorage(folder).open();
    }

    private String ofAnotherProcess() throws Exception {
        Path java = Path.of(System.getProperty("java.home"), "bin", "java");
        Process process = new ProcessBuilder(
                        java.toString(), "-cp", System.getProperty("java.class.path"), Opener.class.getName(), folder.getPath())
                .redirectErrorStream(true)
                .start();
        return new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).trim();
    }

    /** Says whether it can have a folder. */
    static final class Opener {
        public static void main(String[] arguments) {
            try {
                new FileStorage(new File(arguments[0])).open();
                System.out.println("free");
            } catch (IOException inUse) {
                System.out.println("in use");
            }
        }
    }

    @Test
    void whatIsAddedAndNotRemovedIsThereAgain() throws IOException {
        FileStorage storage = new FileStorage(folder);
        storage.open();
        storage.append(event(1, 10));
        storage.append(event(2, 20));
        storage.append(event(3, 30));
        storage.remove(List.of(event(2, 20)));
        storage.close();
        StoredEvent third = reopened().events().get(1);
        assertEquals(List.of(1L, 3L), sequences(reopened()));
        assertEquals("id-3", third.id());
        assertEquals(1_003, third.takenAtMillis());
        assertArrayEquals(new byte[30], third.body());
    }

    @Test
    void aSecondClientIsRefusedAndTheFirstGoesOn() throws IOException {
        FileStorage first = new FileStorage(folder);
        first.open();
        IOException error = assertThrows(IOException.class, () -> new FileStorage(folder).open());
        assertTrue(error.getMessage().contains("in use by another running client"), error.getMessage());
        first.append(event(1, 10));
        first.close();
        assertEquals(List.of(1L), sequences(reopened()));
    }

    @Test
    void aFileThatEndsAnywhereGivesTheRecordsBeforeTheEnd() throws IOException {
        write(3, 10);
        byte[] whole = Files.readAllBytes(journal());
        for (int end = 0; end <= whole.length; end++) {
            Files.write(journal(), Arrays.copyOf(whole, end));
            int records = end * 3 / whole.length;
            Storage.Left left = reopened();
            assertEquals(records, left.events().size(), "of " + end + " bytes");
            assertEquals(end * 3 % whole.length == 0 ? 0 : 1, left.damaged(), "of " + end + " bytes");
        }
    }

    @Test
    void aByteThatIsWrongCostsOneRecordAndIsForgottenWithTheNextChange() throws IOException {
        write(3, 10);
        byte[] whole = Files.readAllBytes(journal());
        for (int at = 0; at < whole.length; at++) {
            byte[] wrong = whole.clone();
            wrong[at] ^= 0x55;
            Files.write(journal(), wrong);
            Storage.Left left = reopened();
            assertEquals(2, left.events().size(), "at " + at);
            assertEquals(1, left.damaged(), "at " + at);
        }
        FileStorage storage = new FileStorage(folder);
        storage.open();
        storage.append(event(4, 10));
        storage.close();
        assertEquals(0, reopened().damaged());
        assertEquals(3, reopened().events().size());
    }

    @Test
    void theFileIsEmptyWhenTheQueueIsAndNeverMuchLargerThanIt() throws IOException {
        FileStorage storage = new FileStorage(folder);
        storage.open();
        storage.append(event(1, 10));
        for (int sequence = 2; sequence < 60; sequence++) {
            storage.append(event(sequence, 100_000));
            storage.remove(List.of(event(sequence, 100_000)));
            assertTrue(Files.size(journal()) < 1_500_000, "grew to " + Files.size(journal()));
        }
        storage.remove(List.of(event(1, 10)));
        assertEquals(0, Files.size(journal()));
        storage.close();
    }

    @Test
    void anInterruptOfTheCallerLosesNothing() throws IOException {
        FileStorage storage = new FileStorage(folder);
        storage.open();
        Thread.currentThread().interrupt();
        storage.append(event(1, 10));
        storage.append(event(2, 10));
        assertTrue(Thread.interrupted());
        storage.close();
        assertEquals(2, reopened().events().size());
    }

    @Test
    void openingWritesNothing() throws IOException {
        reopened();
        assertFalse(Files.exists(journal()));
        assertEquals(0, Files.size(folder.toPath().resolve("lock")));
    }
}
