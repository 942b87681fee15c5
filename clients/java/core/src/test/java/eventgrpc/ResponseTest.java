package eventgrpc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.CodedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

class ResponseTest {
    private static byte[] response() throws IOException {
        ByteArrayOutputStream rejected = new ByteArrayOutputStream();
        CodedOutputStream inner = CodedOutputStream.newInstance(rejected);
        inner.writeInt32(1, 2);
        inner.writeString(3, "later");
        inner.writeEnum(4, 3);
        inner.writeBool(5, true);
        inner.flush();
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        CodedOutputStream out = CodedOutputStream.newInstance(bytes);
        out.writeString(1, "SUCCESS");
        out.writeByteArray(3, rejected.toByteArray());
        out.writeInt32(4, 2);
        out.writeFixed64(900, 1);
        out.writeFixed32(901, 1);
        out.writeString(902, "of a later server");
        out.flush();
        return bytes.toByteArray();
    }

    @Test
    void anAnswerIsReadAndWhatIsUnknownInItIsSkipped() throws IOException {
        Response response = Response.read(response());
        assertTrue(response.isSuccess());
        assertNull(response.rejection(0));
        Response.Rejection rejection = response.rejection(2);
        assertTrue(rejection.isRetryable());
        assertEquals("REJECT_CODE_UNKNOWN_TYPE", rejection.code());
        assertEquals("later", rejection.reason());
    }

    @Test
    void noBytesThrow() throws IOException {
        byte[] whole = response();
        Random random = new Random(5);
        for (int end = 0; end < whole.length; end++) {
            Response.read(Arrays.copyOf(whole, end));
        }
        for (int i = 0; i < 20_000; i++) {
            byte[] bytes = random.nextBoolean() ? new byte[random.nextInt(40)] : whole.clone();
            if (bytes.length != whole.length) {
                random.nextBytes(bytes);
            } else {
                bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
            }
            Response read = Response.read(bytes);
            if (read != null) {
                assertNotNull(read.message());
            }
        }
        assertNull(Response.read("<html>".getBytes("UTF-8")));
    }
}
