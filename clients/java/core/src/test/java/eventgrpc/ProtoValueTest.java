package eventgrpc;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.Timestamp;
import com.google.protobuf.util.Durations;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Kinds of values that no event has yet, too, are written as protobuf's own library writes them. */
class ProtoValueTest {
    private interface Written {
        void to(ProtoWriter out);
    }

    private interface Expected {
        void to(CodedOutputStream out) throws IOException;
    }

    private static void same(Expected expected, Written written) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        CodedOutputStream out = CodedOutputStream.newInstance(bytes);
        expected.to(out);
        out.flush();
        assertArrayEquals(bytes.toByteArray(), bytes(written));
    }

    private static byte[] bytes(Written written) {
        ProtoWriter count = new ProtoWriter(null);
        written.to(count);
        byte[] bytes = new byte[count.length()];
        written.to(new ProtoWriter(bytes));
        return bytes;
    }

    @Test
    void numbersOfEveryKindAreWrittenAsProtobufWritesThem() throws IOException {
        Random random = new Random(7);
        for (int i = 0; i < 2_000; i++) {
            int shift = random.nextInt(64);
            long large = random.nextLong() >> shift;
            int small = (int) large;
            int number = 1 + random.nextInt(0x1fffffff);
            same(out -> out.writeInt32(number, small), out -> out.put(number, ProtoValue.INT32, small));
            same(out -> out.writeInt64(number, large), out -> out.put(number, ProtoValue.INT64, large));
            same(out -> out.writeUInt32(number, small), out -> out.put(number, ProtoValue.UINT32, small));
            same(out -> out.writeUInt64(number, large), out -> out.put(number, ProtoValue.UINT64, large));
            same(out -> out.writeSInt32(number, small), out -> out.put(number, ProtoValue.SINT32, small));
            same(out -> out.writeSInt64(number, large), out -> out.put(number, ProtoValue.SINT64, large));
            same(out -> out.writeFixed32(number, small), out -> out.put(number, ProtoValue.FIXED32, small));
            same(out -> out.writeFixed64(number, large), out -> out.put(number, ProtoValue.FIXED64, large));
            same(out -> out.writeSFixed32(number, small), out -> out.put(number, ProtoValue.SFIXED32, small));
            same(out -> out.writeSFixed64(number, large), out -> out.put(number, ProtoValue.SFIXED64, large));
            same(out -> out.writeBool(number, small > 0), out -> out.put(number, ProtoValue.BOOL, small > 0));
        }
    }

    @Test
    void timesAndBytesAreWrittenAsProtobufWritesThem() throws IOException {
        Timestamp time = Timestamp.newBuilder().setSeconds(-5).setNanos(7).build();
        same(out -> out.writeMessage(3, time), out -> out.put(3, ProtoValue.TIMESTAMP, Instant.ofEpochSecond(-5, 7)));
        for (long millis : new long[] {0, 1500, -1500, -200, 86_400_000}) {
            same(
                    out -> out.writeMessage(3, Durations.fromMillis(millis)),
                    out -> out.put(3, ProtoValue.DURATION, Duration.ofMillis(millis)));
        }
        same(out -> out.writeByteArray(4, new byte[] {0, -1}), out -> out.put(4, ProtoValue.BYTES, new byte[] {0, -1}));
    }

    @Test
    void defaultsAreLeftOutUnlessTheirPresenceCounts() {
        assertEquals(0, bytes(out -> {
            out.write(1, ProtoValue.INT64, 0L);
            out.write(2, ProtoValue.STRING, "");
            out.write(3, ProtoValue.DOUBLE, 0d);
            out.write(4, ProtoValue.BYTES, new byte[0]);
            out.put(5, ProtoValue.INT32, null);
            out.packed(6, ProtoValue.INT32, Collections.emptyList());
        }).length);
        assertEquals(9, bytes(out -> out.write(3, ProtoValue.DOUBLE, -0d)).length);
        assertEquals(2, bytes(out -> out.put(5, ProtoValue.INT32, 0)).length);
        assertArrayEquals(new byte[] {50, 3, 1, -84, 2}, bytes(out -> out.packed(6, ProtoValue.INT32, List.of(1, 300))));
    }

    @Test
    void anyTextOfJavaIsWrittenAsTheJdkEncodesIt() {
        Random random = new Random(11);
        for (int i = 0; i < 5_000; i++) {
            char[] units = new char[random.nextInt(6)];
            for (int at = 0; at < units.length; at++) {
                units[at] = (char) (random.nextBoolean() ? 0xd700 + random.nextInt(0xa00) : random.nextInt(0x900));
            }
            String text = new String(units);
            byte[] written = bytes(out -> out.put(1, ProtoValue.STRING, text));
            assertArrayEquals(text.getBytes(StandardCharsets.UTF_8), Arrays.copyOfRange(written, 2, written.length));
        }
    }
}
