// Written by `cargo xtask codegen` from the proto files; changes made here are lost.
package eventgrpc.events;

import eventgrpc.Event;
import eventgrpc.ProtoValue;
import eventgrpc.ProtoWriter;

/** The client sent an event to try out the way to the server. */
public final class TestEvent extends Event {
    private final String testParam1;
    private final long testParam2;

    TestEvent(TestEventBuilder builder) {
        testParam1 = builder.testParam1;
        testParam2 = builder.testParam2;
    }

    /** Begins one of which nothing is set. */
    public static TestEventBuilder builder() {
        return new TestEventBuilder();
    }

    /** {@code testParam1}. */
    public String getTestParam1() {
        return testParam1;
    }

    /** {@code testParam2}. */
    public long getTestParam2() {
        return testParam2;
    }

    @Override
    public String eventType() {
        return "testEvent";
    }

    @Override
    public int eventNumber() {
        return 61;
    }

    @Override
    public void writeTo(ProtoWriter out) {
        out.write(4, ProtoValue.STRING, testParam1);
        out.write(5, ProtoValue.INT64, testParam2);
    }
}
