package eventgrpc.driver;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;
import com.google.protobuf.DescriptorProtos.FileDescriptorProto;
import com.google.protobuf.DescriptorProtos.FileDescriptorSet;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Descriptors.FileDescriptor;
import com.google.protobuf.DynamicMessage;
import com.google.protobuf.Message;
import com.google.protobuf.util.JsonFormat;
import eventgrpc.Event;
import eventgrpc.ProtoMessage;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

/** What generated classes write is what protobuf's own library writes. */
class WriterAgainstProtobufTest {
    private static final int CASES = 60;
    private static final String[] TEXTS = {"", "a", "Größe", "\ud83d\uded2 cart", "\u0000\u007f\u0080\u07ff\u0800\uffff", "x".repeat(300)};

    private final Random random = new Random(20260101);

    @Test
    void everyEventWritesTheBytesThatProtobufWrites() throws Exception {
        Descriptor event = file("event/envelope.proto").findMessageTypeByName("Event");
        int compared = 0;
        for (FieldDescriptor variant : event.getFields()) {
            if (variant.getContainingOneof() != null) {
                Function<Fields, Event> maker = EventTable.EVENTS.get(variant.getJsonName());
                for (int i = 0; i < CASES; i++) {
                    compare(variant.getMessageType(), maker);
                }
                assertEquals(variant.getNumber(), maker.apply(new Fields(Map.of())).eventNumber());
                compared++;
            }
        }
        assertEquals(EventTable.EVENTS.size(), compared);
        assertTrue(compared > 50, "only " + compared);
    }

    @Test
    void theHeaderWritesTheBytesThatProtobufWrites() throws Exception {
        Descriptor header = file("event/envelope.proto").findMessageTypeByName("Header");
        for (int i = 0; i < CASES; i++) {
            compare(header, EnvelopeJson::header);
        }
    }

    private void compare(Descriptor type, Function<Fields, ? extends ProtoMessage> maker) throws Exception {
        DynamicMessage expected = message(type, 0);
        String json = JsonFormat.printer().print(expected);
        ProtoMessage made = Values.message(maker).apply(Json.read(json));
        assertArrayEquals(expected.toByteArray(), made.toBytes(), json);
    }

    private DynamicMessage message(Descriptor type, int depth) {
        DynamicMessage.Builder builder = DynamicMessage.newBuilder(type);
        for (FieldDescriptor field : type.getFields()) {
            if (random.nextInt(3) == 0 || depth > 3) {
                continue;
            }
            if (field.isMapField()) {
                // One entry: the order of more is nobody's promise.
                builder.addRepeatedField(field, entry(builder, field, depth));
            } else if (field.isRepeated()) {
                for (int count = random.nextInt(4); count > 0; count--) {
                    builder.addRepeatedField(field, value(field, depth));
                }
            } else {
                builder.setField(field, value(field, depth));
            }
        }
        return builder.build();
    }

    private Message entry(DynamicMessage.Builder builder, FieldDescriptor field, int depth) {
        Message.Builder entry = builder.newBuilderForField(field);
        for (FieldDescriptor part : field.getMessageType().getFields()) {
            entry.setField(part, value(part, depth));
        }
        return entry.build();
    }

    private Object value(FieldDescriptor field, int depth) {
        switch (field.getJavaType()) {
            case INT:
                return pick(0, 1, -1, 127, 128, Integer.MAX_VALUE, Integer.MIN_VALUE, random.nextInt());
            case LONG:
                return pick(0L, 1L, -1L, 1L << 53, Long.MAX_VALUE, Long.MIN_VALUE, random.nextLong());
            case FLOAT:
                return pick(0f, -0f, 1.5f, Float.NaN, Float.NEGATIVE_INFINITY, Float.MIN_VALUE, random.nextFloat());
            case DOUBLE:
                return pick(0d, -0d, 1.5d, Double.NaN, Double.POSITIVE_INFINITY, Double.MAX_VALUE, random.nextDouble());
            case BOOLEAN:
                return random.nextBoolean();
            case STRING:
                return pick((Object[]) TEXTS);
            case BYTE_STRING:
                return ByteString.copyFromUtf8(TEXTS[random.nextInt(TEXTS.length)]);
            case ENUM:
                return pick(field.getEnumType().getValues().toArray());
            default:
                return message(field.getMessageType(), depth + 1);
        }
    }

    private Object pick(Object... values) {
        return values[random.nextInt(values.length)];
    }

    /** A proto file of the project, with those that it imports. */
    private static FileDescriptor file(String name) throws Exception {
        Path path = Path.of("../../../generated/descriptors.binpb");
        Map<String, FileDescriptorProto> files = new HashMap<>();
        for (FileDescriptorProto file : FileDescriptorSet.parseFrom(Files.readAllBytes(path)).getFileList()) {
            files.put(file.getName(), file);
        }
        return built(files.get(name), files);
    }

    private static FileDescriptor built(FileDescriptorProto file, Map<String, FileDescriptorProto> files) throws Exception {
        FileDescriptor[] imports = new FileDescriptor[file.getDependencyCount()];
        for (int i = 0; i < imports.length; i++) {
            imports[i] = built(files.get(file.getDependency(i)), files);
        }
        return FileDescriptor.buildFrom(file, imports);
    }
}
