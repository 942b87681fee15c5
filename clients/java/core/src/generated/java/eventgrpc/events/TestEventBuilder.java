// Written by `cargo xtask codegen` from the proto files; changes made here are lost.
package eventgrpc.events;

/** Collects what makes up a {@link TestEvent}. */
public final class TestEventBuilder {
    String testParam1 = "";
    long testParam2;

    TestEventBuilder() {}

    /** {@code testParam1}. */
    public TestEventBuilder testParam1(String testParam1) {
        this.testParam1 = testParam1 == null ? "" : testParam1;
        return this;
    }

    /** {@code testParam2}. */
    public TestEventBuilder testParam2(long testParam2) {
        this.testParam2 = testParam2;
        return this;
    }

    /** Ends. The builder may go on, and build another. */
    public TestEvent build() {
        return new TestEvent(this);
    }
}
