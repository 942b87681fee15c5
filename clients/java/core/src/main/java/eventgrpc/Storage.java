package eventgrpc;

import java.io.IOException;
import java.util.Collection;
import java.util.List;

/**
 * Keeps events from one run of the program to the next. {@link FileStorage} does so in a folder; a database does as well. A client
 * calls it from several threads, but one at a time.
 */
public interface Storage {
    /** What earlier runs left. */
    final class Left {
        private final List<StoredEvent> events;
        private final long damaged;

        /**
         * What was found.
         *
         * @param events by ascending sequence
         * @param damaged how many records couldn't be read
         */
        public Left(List<StoredEvent> events, long damaged) {
            this.events = events;
            this.damaged = damaged;
        }

        List<StoredEvent> events() {
            return events;
        }

        long damaged() {
            return damaged;
        }
    }

    /**
     * Takes the storage for one running client. Writes no event: consent may be missing.
     *
     * @return what earlier runs left
     * @throws IOException if another client has it, or it can't be used at all; damage is no reason
     */
    Left open() throws IOException;

    /**
     * Adds an event. Once this returns, the end of the process loses nothing.
     *
     * @param event with a higher sequence than all before
     * @throws IOException if it can't be kept; then nothing of it is
     */
    void append(StoredEvent event) throws IOException;

    /**
     * Forgets events. What can't be forgotten at once is forgotten with a later call: until then the worst is that an event is sent
     * again, which its id makes harmless.
     *
     * @param events some of those that are kept
     * @throws IOException if they are still there
     */
    void remove(Collection<StoredEvent> events) throws IOException;

    /**
     * Leaves the storage to the next client.
     *
     * @throws IOException if closing fails
     */
    void close() throws IOException;
}
