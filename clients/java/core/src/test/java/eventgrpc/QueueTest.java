package eventgrpc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** What the queue counts, and by which clock events grow old. */
class QueueTest {
    private static final long DAY = TimeUnit.DAYS.toMillis(1);

    private static Entry entry(long sequence, long takenAtMillis, String header, int body) {
        StoredEvent event = new StoredEvent(sequence, takenAtMillis, "id", "type", header.getBytes(), new byte[body]);
        return new Entry(event, System.nanoTime(), false);
    }

    private static List<Long> sequences(Collection<Entry> entries) {
        return entries.stream().map(entry -> entry.event.sequence()).collect(Collectors.toList());
    }

    @Test
    void aHeaderCountsOnceForAllEventsInARowThatHaveIt() {
        Queue queue = new Queue(Options.to("http://localhost").maxQueue(100, 1_000));
        String[] headers = {"a".repeat(100), "a".repeat(100), "b".repeat(200), "a".repeat(100)};
        for (int i = 0; i < headers.length; i++) {
            assertTrue(queue.offer(entry(i + 1, 0, headers[i], 10), false));
        }
        assertEquals(100 + 10 + 10 + 200 + 10 + 100 + 10, queue.bytes());
        assertFalse(queue.isFull(headers[3].getBytes(), 560), "its header is that of the last one");
        assertTrue(queue.isFull(headers[3].getBytes(), 561));
        assertFalse(queue.isFull(headers[2].getBytes(), 360), "its header is another one");
        assertTrue(queue.isFull(headers[2].getBytes(), 361));
        queue.remove(queue.all());
        assertEquals(0, queue.bytes());
    }

    @Test
    void anEventGrowsOldByAClockThatIsNeverSet() {
        Queue queue = new Queue(Options.to("http://localhost"));
        // By the clock that was set, one is old and one is of tomorrow.
        queue.offer(entry(1, 0, "", 1), false);
        queue.offer(entry(2, System.currentTimeMillis() + DAY, "", 1), false);
        long now = System.nanoTime();
        assertEquals(List.of(), queue.olderThan(DAY, now));
        assertEquals(List.of(1L, 2L), sequences(queue.olderThan(DAY, now + TimeUnit.MILLISECONDS.toNanos(DAY + 60_000))));
    }

    @Test
    void anEventOfAnEarlierRunIsAsOldAsTheClockSaysAtTheStart() throws IOException {
        long now = System.currentTimeMillis();
        long[] taken = {0, now - 8 * DAY, now - 6 * DAY, now + DAY, Long.MAX_VALUE};
        List<StoredEvent> left = new ArrayList<>();
        for (int i = 0; i < taken.length; i++) {
            left.add(new StoredEvent(i + 1, taken[i], "id", "type", new byte[0], new byte[1]));
        }
        Queue queue = new Queue(Options.to("http://localhost").storage(new Earlier(left)));
        assertEquals(0, queue.open());
        assertEquals(List.of(1L, 2L), sequences(queue.olderThan(7 * DAY, System.nanoTime())));
        // What is of tomorrow, since the clock was set back, was taken just now.
        long later = System.nanoTime() + TimeUnit.DAYS.toNanos(2);
        assertEquals(List.of(1L, 2L, 3L), sequences(queue.olderThan(7 * DAY, later)));
        assertEquals(List.of(4L, 5L), sequences(queue.all()).subList(3, 5));
        assertEquals(5, queue.olderThan(DAY, later).size());
    }

    /** What an earlier run left. */
    private static final class Earlier implements Storage {
        private final List<StoredEvent> events;

        Earlier(List<StoredEvent> events) {
            this.events = events;
        }

        @Override
        public Left open() {
            return new Left(events, 0);
        }

        @Override
        public void append(StoredEvent event) {}

        @Override
        public void remove(Collection<StoredEvent> gone) {}

        @Override
        public void close() {}
    }
}
